import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError, type KasperError } from '../../../kernel/errors.ts';
import type { TransactionFailure } from '../../transactions.ts';

/**
 * After these the id may have another owner, or its coordinator has aborted the transaction: only
 * `init('owner')` tells.
 */
const RECOVER = new Set<number>([
  ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCodes.INVALID_PRODUCER_EPOCH,
  ErrorCodes.INVALID_TXN_STATE,
  ErrorCodes.INVALID_PRODUCER_ID_MAPPING,
  ErrorCodes.UNKNOWN_PRODUCER_ID,
  ErrorCodes.PRODUCER_FENCED,
]);

/** The answers to `init('owner')` of who is the owner no more. */
const FENCED = new Set<number>([ErrorCodes.INVALID_PRODUCER_EPOCH, ErrorCodes.PRODUCER_FENCED]);

/** Whether an error leaves open who owns the id, or what became of the transaction. */
export function leavesOpen(error: unknown): boolean {
  return error instanceof BrokerError && RECOVER.has(error.brokerCode);
}

/** What the failure of an `init` means. */
export function initFailure(error: KasperError, as: 'newcomer' | 'owner'): TransactionFailure {
  const isFenced = as === 'owner' && error instanceof BrokerError && FENCED.has(error.brokerCode);
  return { outcome: isFenced ? 'fenced' : 'refused', error };
}

/** What an answer means after which the request is not sent again. */
export function answeredFailure(error: KasperError): TransactionFailure {
  return { outcome: leavesOpen(error) ? 'unknown' : 'refused', error };
}
