import { markerOf } from '../../../source/embedded/logs/marker-batch.ts';
import {
  CONTROL,
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  baseTimestampOf,
  batchBytes,
  lastOffsetDeltaOf,
  leaderEpochOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '../../../source/kafka/records/batch-header.ts';
import { decodeRecordSet } from '../../../source/kafka/records/decode-record-set.ts';

/** A batch as a case notes it. */
export interface ShownBatch {
  readonly offsets: readonly [first: number, last: number];
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producer?: readonly unknown[];
  readonly records: unknown;
}

/** The batches of a record set. */
export function shownBatches(recordSet: Buffer): ShownBatch[] {
  const shown: ShownBatch[] = [];
  for (let at = 0; at < recordSet.length;) {
    const batch = recordSet.subarray(at, at + batchBytes(recordSet, at));
    shown.push(shownBatch(batch));
    at += batch.length;
  }
  return shown;
}

function shownBatch(batch: Buffer): ShownBatch {
  const baseOffset = baseOffsetOf(batch, 0);
  const producerId = producerIdOf(batch, 0);
  const producer = [producerId, producerEpochOf(batch, 0), baseSequenceOf(batch, 0)];
  return {
    offsets: [baseOffset, baseOffset + lastOffsetDeltaOf(batch, 0)],
    leaderEpoch: leaderEpochOf(batch, 0),
    attributes: attributesOf(batch, 0),
    baseTimestamp: baseTimestampOf(batch, 0),
    maxTimestamp: maxTimestampOf(batch, 0),
    ...(producerId !== -1n && { producer }),
    records: (attributesOf(batch, 0) & CONTROL) === 0 ? shownRecords(batch) : shownMarker(batch),
  };
}

function shownMarker(batch: Buffer): unknown {
  const count = recordCountOf(batch, 0);
  const committed = markerOf(batch)?.committed;
  return committed === undefined ? count : [count, committed ? 'commit' : 'abort'];
}

function shownRecords(batch: Buffer): unknown {
  const { messages } = decodeRecordSet(batch, {
    topic: 'topic',
    partition: 0,
    fromOffset: 0,
    aborted: undefined,
    maxInflatedBytes: Infinity,
    inflateBudget: Infinity,
  });
  return messages
    .slice(0, messages.length)
    .map(({ offset, keyText, valueText, timestamp }) => [offset, keyText, valueText, timestamp]);
}
