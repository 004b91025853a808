import { attributesOf, BATCH_HEADER_BYTES, CODEC_MASK } from '../../records/batch-header.ts';
import { decodeRecordSet } from '../../records/decode-record-set.ts';
import type { SourceOptions } from '../../client.ts';
import type { PartitionReader } from './partition-reader.ts';
import type { FetchAnswer, FetchedPartition } from '../protocol/fetch.ts';

/**
 * Decodes what a fetch brought for one partition, hands it over, and moves the reader on.
 *
 * @param reserved what is held of the budget for this answer, and can be used
 * @param topicId as the metadata has it now
 * @throws RecordError
 */
export function deliverFetched(
  reader: PartitionReader,
  fetched: FetchedPartition,
  answer: FetchAnswer,
  options: SourceOptions,
  reserved: number,
  topicId: string | undefined,
): void {
  const { budget, handler, isolation, maxInflatedBytes } = options;
  // Views of the answer keep all of it in memory, so a small share is copied: one slow partition must not hold the records
  // of the others, which are not charged to it.
  const shares = fetched.recordSet.length * 2 < answer.bytes && answer.partitions.length > 1;
  const recordSet = shares ? Buffer.from(fetched.recordSet) : fetched.recordSet;
  const { topic, partition, position } = reader;
  const decoded = decodeRecordSet(recordSet, {
    topic,
    partition,
    fromOffset: position,
    aborted: isolation === 'read_committed' ? fetched.aborted : undefined,
    maxInflatedBytes,
    inflateBudget: Math.max(budget.available + reserved, 1),
  });
  const keepsAnswer = !shares && decoded.messages.length > 0 && !isCompressed(recordSet);
  reader.position = decoded.nextOffset;
  if (decoded.leaderEpoch >= 0) reader.readEpoch = decoded.leaderEpoch;
  handler.onChunk({
    topic,
    partition,
    epoch: reader.epoch,
    messages: decoded.messages,
    nextOffset: decoded.nextOffset,
    leaderEpoch: decoded.leaderEpoch,
    highWatermark: fetched.highWatermark,
    lastStableOffset: fetched.lastStableOffset,
    logStartOffset: fetched.logStartOffset,
    topicId,
    recordBytes: decoded.recordBytes,
    bytes: keepsAnswer ? decoded.bytes + answer.bytes - recordSet.length : decoded.bytes,
  });
}

/** Judged by the first batch: its messages are views of what was inflated, not of the record set. */
function isCompressed(recordSet: Buffer): boolean {
  return recordSet.length >= BATCH_HEADER_BYTES && (attributesOf(recordSet, 0) & CODEC_MASK) !== 0;
}
