import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import type { RequestContext } from '../api.ts';

/** From this version on the requests of a transaction have tagged fields. */
export const TRANSACTION_FLEXIBLE_FROM = 3;
/** From this version on their clients know PRODUCER_FENCED. */
export const PRODUCER_FENCED_FROM = 2;

/** Who sends a request of a transaction. */
export interface TransactionRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
}

/** The fields with which AddPartitionsToTxn, AddOffsetsToTxn and EndTxn begin. */
export function readTransaction(reader: WireReader, version: number): TransactionRequest {
  return {
    transactionalId: version >= TRANSACTION_FLEXIBLE_FROM ? reader.compactString() : reader.string(),
    producerId: reader.bigInt64(),
    epoch: reader.int16(),
  };
}

/**
 * The error code for a request about a transactional id: the one a fault wants, or that this node is
 * not its coordinator. 0 for none.
 */
export function transactionError(transactionalId: string, context: RequestContext): number {
  const forced = context.forcedError();
  if (forced !== ErrorCodes.NONE) return forced;
  if (transactionalId === '') return ErrorCodes.INVALID_REQUEST;
  return context.cluster.transactionCoordinatorOf(transactionalId)?.nodeId === context.nodeId
    ? ErrorCodes.NONE
    : ErrorCodes.NOT_COORDINATOR;
}
