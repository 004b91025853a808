import { BufferedSender } from '../../../source/batch/buffered-sender.ts';
import { Batcher } from '../../../source/batch/batcher.ts';
import { KeylessSpread, partitionInPlace, partitioners } from '../../../source/kafka/partitioner.ts';
import { BatchAccumulator } from '../../../source/kafka/kafkajs/produce/batch-accumulator.ts';
import { assignOffsets } from '../../../source/kafka/records/batch-header.ts';
import { decodeRecordSet } from '../../../source/kafka/records/decode-record-set.ts';
import { measureRecord } from '../../../source/kafka/records/encode-record.ts';
import { RecordBatchBuilder, stampBatch } from '../../../source/kafka/records/record-batch-builder.ts';
import type { OutgoingRecord, RecordSink } from '../../../source/kafka/sink.ts';
import type { ConsumerMessage } from '../../../source/message.ts';

/** Something that a pipeline does with each record, for {@link RECORDS} of them. */
export interface MicroCase {
  readonly name: string;
  /** Returns a number that depends on all that was done, so that nothing can be left out. */
  readonly run: () => number;
}

export const RECORDS = 10_000;
const VALUE_BYTES = 100;
const PARTITIONS = 4;
const BATCH = 1000;
const BATCH_BYTES = 900_000;
const TOPIC = 'micro';

/** One of each: what a record costs to be read, encoded, sent on and gathered. */
export function microCases(): MicroCase[] {
  const records = Array.from({ length: RECORDS }, (_none, at): OutgoingRecord => ({
    key: Buffer.from(String(at).padStart(7, '0')),
    value: Buffer.alloc(VALUE_BYTES, 'v'),
    headers: [],
    timestamp: 1_700_000_000_000 + at,
  }));
  const encoded = encode(records);
  assignOffsets(encoded, 0, 0, 0);
  const messages = decode(encoded);
  const sender = newSender();
  return [
    { name: 'decode, nothing read', run: () => decode(encoded).length },
    { name: 'decode, key and value read', run: () => decode(encoded).reduce(addBytes, 0) },
    { name: 'encode', run: () => encode(records).length },
    {
      name: 'send',
      run: () => {
        for (const { key, value } of messages) sender.send({ topic: TOPIC, key, value });
        return discarded(sender);
      },
    },
    {
      name: 'forward',
      run: () => {
        for (const message of messages) sender.forward(message, { topic: TOPIC });
        return discarded(sender);
      },
    },
    { name: 'message.copy()', run: () => messages.reduce((sum, message) => sum + message.copy().bytes, 0) },
    {
      name: 'message.toObject()',
      run: () => messages.reduce((sum, message) => sum + message.toObject().offset, 0),
    },
    { name: `batcher, batches of ${BATCH}`, run: () => gather(messages, encoded.length) },
    {
      name: 'partitioner murmur2',
      run: () => records.reduce((sum, { key }) => sum + partitioners.murmur2(key ?? NO_KEY, PARTITIONS), 0),
    },
    {
      name: 'partitioner fnv1a',
      run: () => records.reduce((sum, { key }) => sum + partitioners.fnv1a(key ?? NO_KEY, PARTITIONS), 0),
    },
    {
      name: 'partitioner murmur2, in place',
      run: () => {
        let sum = 0;
        for (let keyAt = 0; keyAt < RECORDS; keyAt++)
          sum += partitionInPlace(
            partitioners.murmur2,
            { buffer: encoded, keyAt, keyBytes: 7 },
            PARTITIONS,
            TOPIC,
          );
        return sum;
      },
    },
  ];
}

const NO_KEY = Buffer.alloc(0);

/** One record batch with all of them, as it goes to a broker. */
function encode(records: readonly OutgoingRecord[]): Buffer {
  const buffer = Buffer.allocUnsafe(RECORDS * (VALUE_BYTES + 50));
  const builder = new RecordBatchBuilder({ compression: 'none', buffer });
  for (const record of records) builder.append(measureRecord(record));
  const sealed = builder.seal();
  stampBatch(sealed, { producerId: 1n, epoch: 0, baseSequence: 0 });
  return sealed.bytes;
}

function decode(recordSet: Buffer): readonly ConsumerMessage[] {
  const { messages } = decodeRecordSet(recordSet, {
    topic: TOPIC,
    partition: 0,
    fromOffset: 0,
    aborted: undefined,
    maxInflatedBytes: BATCH_BYTES,
    inflateBudget: BATCH_BYTES,
  });
  return messages.slice();
}

function addBytes(sum: number, { key, value }: ConsumerMessage): number {
  return sum + (key?.length ?? 0) + (value?.length ?? 0);
}

/** The sender of one attempt, whose records go nowhere. */
function newSender(): BufferedSender {
  const accumulator = new BatchAccumulator({
    compression: 'none',
    batchBytes: () => BATCH_BYTES,
    newBuffer: () => Buffer.allocUnsafe(BATCH_BYTES),
    send: () => Promise.resolve(),
  });
  const sink: RecordSink = {
    partitionCount: () => PARTITIONS,
    loadTopic: () => Promise.resolve(PARTITIONS),
    accumulator: () => accumulator,
    close: () => Promise.resolve(),
  };
  return new BufferedSender({
    sink,
    partitioner: partitioners.murmur2,
    keyless: new KeylessSpread(),
    maxRecordBytes: BATCH_BYTES,
    maxSendBufferBytes: 64 * 1024 * 1024,
    wallNow: Date.now,
  });
}

function discarded(sender: BufferedSender): number {
  const { count } = sender;
  sender.discard();
  return count;
}

function gather(messages: readonly ConsumerMessage[], bytes: number): number {
  const batcher = new Batcher({ batchSize: BATCH, batchBytes: BATCH_BYTES, batchWaitMs: 1000, now: () => 0 });
  const chunk = { topic: TOPIC, messages, nextOffset: messages.length, leaderEpoch: 0 };
  batcher.add({ ...chunk, bytes, recordBytes: bytes });
  let taken = 0;
  for (let trigger = batcher.due(); trigger !== undefined; trigger = batcher.due())
    taken += batcher.take(trigger).messages.length;
  return taken;
}
