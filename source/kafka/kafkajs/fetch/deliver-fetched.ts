import { attributesOf, BATCH_HEADER_BYTES, CODEC_MASK } from '../../records/batch-header.ts';
import { decodeRecordSet } from '../../records/decode-record-set.ts';
import type { SourceOptions } from '../../source.ts';
import type { FetchPosition } from './fetch-position.ts';
import type { FetchAnswer, FetchedPartition } from '../protocol/fetch.ts';

/** What a broker answered for one partition, and what is needed to decode it. */
export interface Fetched {
  readonly fetched: FetchedPartition;
  readonly answer: FetchAnswer;
  readonly options: SourceOptions;
  /** What is held of the budget for this answer, and can be used. */
  readonly reserved: number;
  /** As the metadata has it now. */
  readonly topicId: string | undefined;
}

/**
 * Decodes what a fetch brought for one partition, moves the position on, and hands it to the
 * reader.
 *
 * @throws RecordError
 */
export function deliverFetched(
  position: FetchPosition,
  { fetched, answer, options, reserved, topicId }: Fetched,
): void {
  const { budget, isolation, maxInflatedBytes } = options;
  // Views of the answer keep all of it in memory, so a small share is copied: one slow partition
  // must not hold the records of the others, which are not charged to it.
  const shares = fetched.recordSet.length * 2 < answer.bytes && answer.partitions.length > 1;
  const recordSet = shares ? Buffer.from(fetched.recordSet) : fetched.recordSet;
  const { topic, partition, offset, epoch, reader } = position;
  const decoded = decodeRecordSet(recordSet, {
    topic,
    partition,
    fromOffset: offset,
    aborted: isolation === 'read_committed' ? fetched.aborted : undefined,
    maxInflatedBytes,
    inflateBudget: Math.max(budget.available + reserved, 1),
  });
  const keepsAnswer = !shares && decoded.messages.length > 0 && !isCompressed(recordSet);
  position.offset = decoded.nextOffset;
  if (decoded.leaderEpoch >= 0) position.readEpoch = decoded.leaderEpoch;
  reader.take({
    topic,
    partition,
    epoch,
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

/**
 * Judged by the first batch: its messages are views of what was inflated, not of the record set.
 */
function isCompressed(recordSet: Buffer): boolean {
  return recordSet.length >= BATCH_HEADER_BYTES && (attributesOf(recordSet, 0) & CODEC_MASK) !== 0;
}
