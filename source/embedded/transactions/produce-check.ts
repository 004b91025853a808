import {
  BATCH_HEADER_BYTES,
  CONTROL,
  TRANSACTIONAL,
  attributesOf,
  producerEpochOf,
  producerIdOf,
} from '../../kafka/records/batch-header.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Partition } from '../logs/partition.ts';
import type { Transactions } from './transactions.ts';

/** Whether what a producer sends belongs to a transaction, by the header of its batch. */
export function isTransactional(records: Buffer | null): boolean {
  return (
    records !== null &&
    records.length >= BATCH_HEADER_BYTES &&
    (attributesOf(records, 0) & (TRANSACTIONAL | CONTROL)) === TRANSACTIONAL
  );
}

/**
 * The error code for a batch by the transaction that is open in its partition, or should be; 0 if it
 * may be appended. The coordinator is asked before the first batch of a transaction alone.
 */
export function checkTransaction(
  records: Buffer | null,
  partition: Partition,
  { transactions, transactionalId }: { transactions: Transactions; transactionalId: string | null },
): number {
  if (records === null || records.length < BATCH_HEADER_BYTES) return ErrorCodes.NONE;
  // No producer may send a marker: the check of the batch refuses it.
  if ((attributesOf(records, 0) & CONTROL) !== 0) return ErrorCodes.NONE;
  const producer = { producerId: producerIdOf(records, 0), epoch: producerEpochOf(records, 0) };
  const open = partition.log.transactions.of(producer.producerId);
  if (!isTransactional(records)) {
    return open?.epoch === producer.epoch ? ErrorCodes.INVALID_TXN_STATE : ErrorCodes.NONE;
  }
  if (open?.epoch === producer.epoch) return ErrorCodes.NONE;
  const { topic, index } = partition;
  const code = transactions.checkPartition(transactionalId ?? '', producer, { topic, partition: index });
  switch (code) {
    case ErrorCodes.PRODUCER_FENCED:
      return ErrorCodes.INVALID_PRODUCER_EPOCH;
    // What makes a client send it again.
    case ErrorCodes.CONCURRENT_TRANSACTIONS:
      return ErrorCodes.NOT_ENOUGH_REPLICAS;
    default:
      return code;
  }
}
