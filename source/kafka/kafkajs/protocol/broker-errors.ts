import { BrokerError } from '../../../kernel/errors.ts';

/** What an error code of the protocol means to us. */
export interface BrokerErrorKind {
  readonly name: string;
  /** The same request may succeed later, or elsewhere. */
  readonly retriable: boolean;
  /** Ask for the leaders anew before trying again. */
  readonly refresh?: boolean;
  /** What the reader of the message can do about it. */
  readonly remedy?: string;
}

const ACL = 'check the access control lists of this user';
const IDEMPOTENT = 'the producer id or its sequence numbers are no longer valid';

/**
 * The codes that the requests of this folder may be answered with.
 *
 * @see https://kafka.apache.org/protocol#protocol_error_codes
 */
const KINDS: Readonly<Record<number, BrokerErrorKind | undefined>> = {
  [-1]: { name: 'UNKNOWN_SERVER_ERROR', retriable: true, remedy: 'the log of the broker tells more' },
  1: { name: 'OFFSET_OUT_OF_RANGE', retriable: false },
  2: { name: 'CORRUPT_MESSAGE', retriable: true },
  3: {
    name: 'UNKNOWN_TOPIC_OR_PARTITION',
    retriable: true,
    refresh: true,
    remedy: 'check that the topic exists and has this partition, and that this user may describe it',
  },
  5: {
    name: 'LEADER_NOT_AVAILABLE',
    retriable: true,
    refresh: true,
    remedy: 'the partition has no leader: check that the brokers with its replicas are up',
  },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', retriable: true, refresh: true },
  7: { name: 'REQUEST_TIMED_OUT', retriable: true, remedy: 'the replicas did not follow in time' },
  8: { name: 'BROKER_NOT_AVAILABLE', retriable: true, refresh: true },
  9: { name: 'REPLICA_NOT_AVAILABLE', retriable: true, refresh: true },
  10: {
    name: 'MESSAGE_TOO_LARGE',
    retriable: false,
    remedy: 'raise max.message.bytes of the topic, or send smaller records',
  },
  12: {
    name: 'OFFSET_METADATA_TOO_LARGE',
    retriable: false,
    remedy: 'the metadata string of a commit may have 4096 bytes (offset.metadata.max.bytes of the broker)',
  },
  13: { name: 'NETWORK_EXCEPTION', retriable: true, refresh: true },
  14: { name: 'COORDINATOR_LOAD_IN_PROGRESS', retriable: true },
  15: { name: 'COORDINATOR_NOT_AVAILABLE', retriable: true },
  16: { name: 'NOT_COORDINATOR', retriable: true },
  17: { name: 'INVALID_TOPIC_EXCEPTION', retriable: false, remedy: 'the topic name is not legal' },
  18: { name: 'RECORD_LIST_TOO_LARGE', retriable: false },
  19: {
    name: 'NOT_ENOUGH_REPLICAS',
    retriable: true,
    remedy: 'fewer replicas are in sync than min.insync.replicas of the topic asks for',
  },
  20: {
    name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    retriable: true,
    remedy: 'fewer replicas are in sync than min.insync.replicas of the topic asks for',
  },
  22: { name: 'ILLEGAL_GENERATION', retriable: false, remedy: 'another client commits as a group member' },
  24: { name: 'INVALID_GROUP_ID', retriable: false },
  25: {
    name: 'UNKNOWN_MEMBER_ID',
    retriable: false,
    remedy:
      'a consumer is an active member of this group, and while it is, nobody else can commit; stop that consumer, or use another name',
  },
  27: {
    name: 'REBALANCE_IN_PROGRESS',
    retriable: false,
    remedy: 'a consumer is joining this group as a member; stop that consumer, or use another name',
  },
  28: { name: 'INVALID_COMMIT_OFFSET_SIZE', retriable: false },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', retriable: false, remedy: ACL },
  30: { name: 'GROUP_AUTHORIZATION_FAILED', retriable: false, remedy: ACL },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', retriable: false, remedy: ACL },
  32: { name: 'INVALID_TIMESTAMP', retriable: false, remedy: 'see message.timestamp.*.max.ms of the topic' },
  35: { name: 'UNSUPPORTED_VERSION', retriable: false, remedy: 'the broker is too old or too new' },
  36: { name: 'TOPIC_ALREADY_EXISTS', retriable: false },
  37: { name: 'INVALID_PARTITIONS', retriable: false },
  38: {
    name: 'INVALID_REPLICATION_FACTOR',
    retriable: false,
    remedy: 'there cannot be more replicas than brokers',
  },
  39: { name: 'INVALID_REPLICA_ASSIGNMENT', retriable: false },
  40: { name: 'INVALID_CONFIG', retriable: false, remedy: 'check the config of the topic' },
  41: { name: 'NOT_CONTROLLER', retriable: true, refresh: true },
  42: { name: 'INVALID_REQUEST', retriable: false },
  43: { name: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', retriable: false },
  44: { name: 'POLICY_VIOLATION', retriable: false },
  45: { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER', retriable: false, remedy: IDEMPOTENT },
  46: { name: 'DUPLICATE_SEQUENCE_NUMBER', retriable: false, remedy: IDEMPOTENT },
  47: { name: 'INVALID_PRODUCER_EPOCH', retriable: false, remedy: IDEMPOTENT },
  48: { name: 'INVALID_TXN_STATE', retriable: false },
  49: { name: 'INVALID_PRODUCER_ID_MAPPING', retriable: false, remedy: IDEMPOTENT },
  51: { name: 'CONCURRENT_TRANSACTIONS', retriable: true },
  53: { name: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', retriable: false, remedy: ACL },
  54: { name: 'SECURITY_DISABLED', retriable: false },
  56: { name: 'KAFKA_STORAGE_ERROR', retriable: true, refresh: true },
  59: { name: 'UNKNOWN_PRODUCER_ID', retriable: false, remedy: IDEMPOTENT },
  72: { name: 'LISTENER_NOT_FOUND', retriable: true, refresh: true },
  74: { name: 'FENCED_LEADER_EPOCH', retriable: true, refresh: true },
  75: { name: 'UNKNOWN_LEADER_EPOCH', retriable: true, refresh: true },
  76: {
    name: 'UNSUPPORTED_COMPRESSION_TYPE',
    retriable: false,
    remedy: 'choose another compression, or brokers of version 2.1 or newer',
  },
  78: { name: 'OFFSET_NOT_AVAILABLE', retriable: true },
  82: { name: 'FENCED_INSTANCE_ID', retriable: false },
  87: { name: 'INVALID_RECORD', retriable: false, remedy: 'a compacted topic refuses records without a key' },
  88: { name: 'UNSTABLE_OFFSET_COMMIT', retriable: true },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', retriable: true },
  90: { name: 'PRODUCER_FENCED', retriable: false, remedy: IDEMPOTENT },
};

/** What a code means; a code that is not in the table is not retriable. */
export function brokerErrorKind(code: number): BrokerErrorKind {
  return KINDS[code] ?? { name: `code ${code}`, retriable: false };
}

/**
 * The error for a code.
 *
 * @param what what was attempted, with its values, as `Fetch of orders/3 at offset 17 from broker 2`
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
