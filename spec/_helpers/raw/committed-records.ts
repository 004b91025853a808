import {
  attributesOf,
  BATCH_HEADER_BYTES,
  CONTROL,
  producerIdOf,
  TRANSACTIONAL,
} from '../../../source/kafka/records/batch-header.ts';
import { decodeRecordSet } from '../../../source/kafka/records/decode-record-set.ts';
import type { ConsumerMessage } from '../../../source/index.ts';

/** What a log holds for readers with read_committed, by its markers, without the code that fetches. */
export interface CommittedLog {
  readonly committed: readonly ConsumerMessage[];
  /** Records of transactions that were aborted. */
  readonly aborted: readonly ConsumerMessage[];
  /** Records of transactions that have not ended. */
  readonly open: readonly ConsumerMessage[];
}

/** The key of a marker follows five fields of one byte each; its type is behind its version. */
const MARKER_TYPE = BATCH_HEADER_BYTES + 5 + 2;
const COMMIT = 1;

/** @param batches whole record batches, in the order of their log */
export function readCommitted(batches: readonly Buffer[], topic: string, partition: number): CommittedLog {
  const committed: ConsumerMessage[] = [];
  const aborted: ConsumerMessage[] = [];
  const open = new Map<bigint, ConsumerMessage[]>();
  for (const batch of batches) {
    const attributes = attributesOf(batch, 0);
    const producer = producerIdOf(batch, 0);
    if ((attributes & CONTROL) !== 0) {
      const ended = open.get(producer) ?? [];
      open.delete(producer);
      (batch.readInt16BE(MARKER_TYPE) === COMMIT ? committed : aborted).push(...ended);
      continue;
    }
    const { messages } = decodeRecordSet(batch, {
      topic,
      partition,
      fromOffset: 0,
      aborted: undefined,
      maxInflatedBytes: 64 * 1024 * 1024,
      inflateBudget: 64 * 1024 * 1024,
    });
    if ((attributes & TRANSACTIONAL) === 0) committed.push(...messages.slice());
    else open.set(producer, [...(open.get(producer) ?? []), ...messages.slice()]);
  }
  return {
    committed: committed.sort((a, b) => a.offset - b.offset),
    aborted,
    open: [...open.values()].flat(),
  };
}
