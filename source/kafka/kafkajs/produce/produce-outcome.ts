import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';

/**
 * Codes after which a batch that was sent is certainly not in the log. All others, and silence,
 * leave it open. A leader that is deposed while it waits for its replicas answers
 * NOT_LEADER_OR_FOLLOWER for a batch that it has appended; REQUEST_TIMED_OUT and
 * NOT_ENOUGH_REPLICAS_AFTER_APPEND come after the append as well.
 */
const NOT_STORED = new Set<number>([
  ErrorCodes.CORRUPT_MESSAGE,
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.MESSAGE_TOO_LARGE,
  ErrorCodes.INVALID_TOPIC_EXCEPTION,
  ErrorCodes.RECORD_LIST_TOO_LARGE,
  ErrorCodes.NOT_ENOUGH_REPLICAS,
  ErrorCodes.INVALID_REQUIRED_ACKS,
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
  ErrorCodes.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCodes.INVALID_TIMESTAMP,
  ErrorCodes.UNSUPPORTED_VERSION,
  ErrorCodes.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  ErrorCodes.POLICY_VIOLATION,
  ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCodes.INVALID_PRODUCER_EPOCH,
  ErrorCodes.UNKNOWN_PRODUCER_ID,
  ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE,
  ErrorCodes.INVALID_RECORD,
  ErrorCodes.THROTTLING_QUOTA_EXCEEDED,
  ErrorCodes.PRODUCER_FENCED,
]);

/** Codes by which a broker refuses the producer id or the sequence: it knows others, or none. */
const SEQUENCE_LOST = new Set<number>([
  ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCodes.INVALID_PRODUCER_EPOCH,
  ErrorCodes.INVALID_PRODUCER_ID_MAPPING,
  ErrorCodes.UNKNOWN_PRODUCER_ID,
  ErrorCodes.PRODUCER_FENCED,
]);

/** Whether the broker said for certain that it stored nothing of this attempt. */
export function certainlyNotStored(error: KasperError): boolean {
  return error instanceof BrokerError && NOT_STORED.has(error.brokerCode);
}

/** Whether a batch needs another producer id before it can be sent again. */
export function losesSequence(error: KasperError): boolean {
  return error instanceof BrokerError && SEQUENCE_LOST.has(error.brokerCode);
}
