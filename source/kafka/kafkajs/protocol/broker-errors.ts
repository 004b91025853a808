import { BrokerError } from '../../../kernel/errors.ts';
import { ErrorCodes } from '../../wire/error-codes.ts';

type ErrorName = keyof typeof ErrorCodes;

/** What an error code of the protocol means to us. */
export interface BrokerErrorKind {
  readonly name: string;
  /** The same request may succeed later, or elsewhere. */
  readonly retriable: boolean;
  /** Ask for the leaders again before the next try. */
  readonly refresh?: boolean;
  /** What the reader of the message can do about it. */
  readonly remedy?: string;
}

const ACL = 'check the access control lists of this user';
const IDEMPOTENT = 'the producer id or its sequence numbers are no longer valid';
const TRANSACTION = 'the transaction was aborted, or another process has taken over its transactional id';

/** What the codes mean that the requests of this folder may be answered with. */
const KINDS: Readonly<Partial<Record<ErrorName, Omit<BrokerErrorKind, 'name'>>>> = {
  UNKNOWN_SERVER_ERROR: { retriable: true, remedy: 'the log of the broker says more' },
  OFFSET_OUT_OF_RANGE: { retriable: false },
  CORRUPT_MESSAGE: { retriable: true },
  UNKNOWN_TOPIC_OR_PARTITION: {
    retriable: true,
    refresh: true,
    remedy: 'check that the topic exists and has this partition, and that this user may describe it',
  },
  LEADER_NOT_AVAILABLE: {
    retriable: true,
    refresh: true,
    remedy: 'the partition has no leader: check that the brokers with its replicas are up',
  },
  NOT_LEADER_OR_FOLLOWER: { retriable: true, refresh: true },
  REQUEST_TIMED_OUT: { retriable: true, remedy: 'the replicas did not follow in time' },
  BROKER_NOT_AVAILABLE: { retriable: true, refresh: true },
  REPLICA_NOT_AVAILABLE: { retriable: true, refresh: true },
  MESSAGE_TOO_LARGE: {
    retriable: false,
    remedy: 'raise max.message.bytes of the topic, or send smaller records',
  },
  OFFSET_METADATA_TOO_LARGE: {
    retriable: false,
    remedy: 'the metadata string of a commit may have 4096 bytes (offset.metadata.max.bytes of the broker)',
  },
  NETWORK_EXCEPTION: { retriable: true, refresh: true },
  COORDINATOR_LOAD_IN_PROGRESS: { retriable: true },
  COORDINATOR_NOT_AVAILABLE: {
    retriable: true,
    remedy:
      'if this lasts, the topic __consumer_offsets, or __transaction_state, cannot be made or has no leader: its replication factor (offsets.topic.replication.factor or transaction.state.log.replication.factor of the brokers, by default 3) must not exceed their number',
  },
  NOT_COORDINATOR: { retriable: true },
  INVALID_TOPIC_EXCEPTION: { retriable: false, remedy: 'the topic name is not legal' },
  RECORD_LIST_TOO_LARGE: { retriable: false },
  NOT_ENOUGH_REPLICAS: {
    retriable: true,
    remedy: 'fewer replicas are in sync than min.insync.replicas of the topic asks for',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    retriable: true,
    remedy: 'fewer replicas are in sync than min.insync.replicas of the topic asks for',
  },
  ILLEGAL_GENERATION: { retriable: false, remedy: 'another client commits as a group member' },
  INVALID_GROUP_ID: { retriable: false },
  UNKNOWN_MEMBER_ID: {
    retriable: false,
    remedy:
      'a consumer is an active member of this group, and while it is, nobody else can commit; stop that consumer, or use another name',
  },
  REBALANCE_IN_PROGRESS: {
    retriable: false,
    remedy: 'a consumer is joining this group as a member; stop that consumer, or use another name',
  },
  INVALID_COMMIT_OFFSET_SIZE: { retriable: false },
  TOPIC_AUTHORIZATION_FAILED: { retriable: false, remedy: ACL },
  GROUP_AUTHORIZATION_FAILED: { retriable: false, remedy: ACL },
  CLUSTER_AUTHORIZATION_FAILED: { retriable: false, remedy: ACL },
  INVALID_TIMESTAMP: { retriable: false, remedy: 'see message.timestamp.*.max.ms of the topic' },
  UNSUPPORTED_VERSION: { retriable: false, remedy: 'the broker is too old or too new' },
  TOPIC_ALREADY_EXISTS: { retriable: false },
  INVALID_PARTITIONS: { retriable: false },
  INVALID_REPLICATION_FACTOR: {
    retriable: false,
    remedy: 'there cannot be more replicas than brokers',
  },
  INVALID_REPLICA_ASSIGNMENT: { retriable: false },
  INVALID_CONFIG: { retriable: false, remedy: 'check the config of the topic' },
  NOT_CONTROLLER: { retriable: true, refresh: true },
  INVALID_REQUEST: { retriable: false },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: { retriable: false },
  POLICY_VIOLATION: { retriable: false },
  OUT_OF_ORDER_SEQUENCE_NUMBER: { retriable: false, remedy: IDEMPOTENT },
  DUPLICATE_SEQUENCE_NUMBER: { retriable: false, remedy: IDEMPOTENT },
  INVALID_PRODUCER_EPOCH: { retriable: false, remedy: IDEMPOTENT },
  INVALID_TXN_STATE: { retriable: false, remedy: TRANSACTION },
  INVALID_PRODUCER_ID_MAPPING: { retriable: false, remedy: IDEMPOTENT },
  INVALID_TRANSACTION_TIMEOUT: {
    retriable: false,
    remedy: 'lower transactionTimeoutMs, or raise transaction.max.timeout.ms of the brokers',
  },
  CONCURRENT_TRANSACTIONS: { retriable: true },
  TRANSACTION_COORDINATOR_FENCED: { retriable: true },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: { retriable: false, remedy: ACL },
  OPERATION_NOT_ATTEMPTED: { retriable: true },
  SECURITY_DISABLED: { retriable: false },
  KAFKA_STORAGE_ERROR: { retriable: true, refresh: true },
  UNKNOWN_PRODUCER_ID: { retriable: false, remedy: IDEMPOTENT },
  LISTENER_NOT_FOUND: { retriable: true, refresh: true },
  FENCED_LEADER_EPOCH: { retriable: true, refresh: true },
  UNKNOWN_LEADER_EPOCH: { retriable: true, refresh: true },
  UNSUPPORTED_COMPRESSION_TYPE: {
    retriable: false,
    remedy: 'choose another compression, or brokers of version 2.1 or newer',
  },
  OFFSET_NOT_AVAILABLE: { retriable: true },
  FENCED_INSTANCE_ID: { retriable: false },
  INVALID_RECORD: { retriable: false, remedy: 'a compacted topic refuses records without a key' },
  UNSTABLE_OFFSET_COMMIT: { retriable: true },
  THROTTLING_QUOTA_EXCEEDED: { retriable: true },
  PRODUCER_FENCED: { retriable: false, remedy: TRANSACTION },
};

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorCodes).map(([name, code]) => [code, name as ErrorName]),
);

/** What a code means; a code that is not in the table is not retriable. */
export function brokerErrorKind(code: number): BrokerErrorKind {
  const name = NAMES.get(code);
  if (name === undefined) return { name: `code ${code}`, retriable: false };
  return { name, retriable: false, ...KINDS[name] };
}

/**
 * The error for a code.
 *
 * @param what what was attempted, with its values, as
 * `Fetch of orders/3 at offset 17 from broker 2`
 */
export function brokerError(code: number, what: string, message?: string | null): BrokerError {
  const { name, retriable, remedy } = brokerErrorKind(code);
  const said = message === undefined || message === null || message === '' ? '' : ` (${message})`;
  const hint = remedy === undefined ? '' : `; ${remedy}`;
  return new BrokerError(`${what} was answered with error ${code} ${name}${said}${hint}`, {
    brokerCode: code,
    brokerError: name,
    retriable,
  });
}
