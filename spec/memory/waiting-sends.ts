// Sends records whose topic is not known yet, over several collections, and after it as many whose
// topic is; prints how many of those were made in old space. A child with a small young generation,
// whose collections are soon those from which V8 learns what lives long. One that serves many records
// counts once, and may become old.
import { writeSync } from 'node:fs';
import { BufferedSender } from '../../source/batch/buffered-sender.ts';
import { BatchAccumulator } from '../../source/kafka/kafkajs/produce/batch-accumulator.ts';
import { KeylessSpread, partitioners } from '../../source/kafka/partitioner.ts';
import type { MeasuredRecord, OutgoingRecord } from '../../source/kafka/sink.ts';
import { isYoung } from '../_helpers/engine.ts';

const RECORDS = 50_000;
let isKnown = false;
const old = new Set<OutgoingRecord>();

class WatchedAccumulator extends BatchAccumulator {
  override measure(record: OutgoingRecord): MeasuredRecord {
    if (isKnown && !isYoung(record)) old.add(record);
    return super.measure(record);
  }
}

const sender = new BufferedSender({
  sink: {
    partitionCount: () => (isKnown ? 1 : undefined),
    loadTopic: () => {
      isKnown = true;
      return Promise.resolve(1);
    },
    accumulator: () =>
      new WatchedAccumulator({
        compression: 'none',
        batchBytes: () => 900_000,
        newBuffer: () => Buffer.alloc(0),
        send: () => Promise.resolve(),
      }),
    close: () => Promise.resolve(),
  },
  partitioner: partitioners.murmur2,
  keyless: new KeylessSpread(),
  maxRecordBytes: 1000,
  maxSendBufferBytes: RECORDS * 1000,
  wallNow: () => 1,
});
const bytes = Buffer.alloc(100, 'v');
function sendMany(): void {
  for (let at = 0; at < RECORDS; at++)
    sender.send({ topic: 'out', key: bytes.subarray(0, 7), value: bytes.subarray(7) });
}

sendMany();
await sender.flush();
sendMany();
writeSync(1, `${old.size}\n`);
