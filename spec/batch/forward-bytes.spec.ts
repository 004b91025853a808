import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { BufferedSender } from '../../source/batch/buffered-sender.ts';
import { BatchAccumulator } from '../../source/kafka/kafkajs/produce/batch-accumulator.ts';
import type { OutgoingBatch } from '../../source/kafka/kafkajs/produce/flush-ticket.ts';
import { KeylessSpread, type Partitioner, partitioners } from '../../source/kafka/partitioner.ts';
import { prepareCompression } from '../../source/kafka/records/compression.ts';
import { consumerMessage } from '../../source/kafka/records/consumer-message.ts';
import { stampBatch } from '../../source/kafka/records/record-batch-builder.ts';
import type { Compression, RecordSink } from '../../source/kafka/sink.ts';
import type { ConsumerMessage, ForwardFields } from '../../source/message.ts';
import type { Sender } from '../../source/sender.ts';
import { makeMessage } from '../../source/testing/fake-kafka/fake-message.ts';
import { anyRecord, batchOf, bytes, compressions, decoded, headerPairs } from '../kafka/records/batches.ts';

test.before(prepareCompression);

const PARTITIONS = 7;
const NOW = 1_700_000_000_000;

interface SenderSetup {
  readonly compression?: Compression;
  readonly partitioner?: Partitioner;
  /** Whether the topic's partitions are known before the flush. Default true. */
  readonly isKnown?: boolean;
  /** Whether what is sent is held and then kept. Default false. */
  readonly isHeld?: boolean;
}

/** What a sender makes of what `use` sends with it: topic, partition and bytes of each batch. */
async function batchesOf(use: (sender: Sender) => void, setup: SenderSetup = {}): Promise<readonly string[]> {
  const flushed: string[] = [];
  const { compression = 'none', isKnown = true } = setup;
  const batches = {
    compression,
    batchBytes: () => 100_000,
    newBuffer: () => Buffer.alloc(200),
    send: (sent: readonly OutgoingBatch[]) => {
      for (const { topic, partition, sealed } of sent) {
        stampBatch(sealed, undefined);
        flushed.push(`${topic}/${partition} ${sealed.bytes.toString('hex')}`);
      }
      return Promise.resolve();
    },
  };
  let isLoaded = isKnown;
  const sink: RecordSink = {
    partitionCount: () => (isLoaded ? PARTITIONS : undefined),
    loadTopic: () => {
      isLoaded = true;
      return Promise.resolve(PARTITIONS);
    },
    accumulator: () => new BatchAccumulator(batches),
    close: () => Promise.resolve(),
  };
  const sender = new BufferedSender({
    sink,
    partitioner: setup.partitioner ?? partitioners.murmur2,
    keyless: new KeylessSpread({ random: () => 0 }),
    maxRecordBytes: 100_000,
    maxSendBufferBytes: 10_000_000,
    wallNow: () => NOW,
  });
  if (setup.isHeld === true) sender.hold();
  use(sender);
  if (setup.isHeld === true) sender.keep();
  await sender.flush();
  return flushed;
}

/** As `forward` documents itself, by way of `send`. */
function sendInstead(sender: Sender, message: ConsumerMessage, fields: ForwardFields): void {
  const { topic, key, value, headers, partition, timestamp } = fields;
  sender.send({
    topic,
    key: key === undefined ? message.key : key,
    value: value === undefined ? message.value : value,
    headers: headers ?? message.headers,
    timestamp: timestamp ?? message.timestamp,
    ...(partition === undefined ? {} : { partition }),
  });
}

const text = fc.string({ unit: 'binary', maxLength: 40 });
const field = fc.oneof(bytes, text, fc.constant(null));
const anyFields: fc.Arbitrary<ForwardFields> = fc
  .record(
    {
      key: field,
      value: field,
      headers: headerPairs,
      partition: fc.nat(PARTITIONS - 1),
      timestamp: fc.oneof(fc.constant(-1), fc.nat(2 ** 50)),
    },
    { requiredKeys: [] },
  )
  .chain((fields) => fc.constantFrom('out', 'other').map((topic) => ({ topic, ...fields })));
const anyForwards = fc.array(fc.tuple(anyRecord, anyFields), { minLength: 1, maxLength: 20 });
const anySetup: fc.Arbitrary<SenderSetup> = fc.record({
  partitioner: fc.constantFrom<Partitioner>(
    partitioners.murmur2,
    partitioners.fnv1a,
    (key, count) => (key[0] ?? 0) % count,
  ),
  isKnown: fc.boolean(),
  isHeld: fc.boolean(),
});

/** The ways in which a message comes to a program. */
const origins: Readonly<Record<string, (records: readonly AnyRecord[]) => readonly ConsumerMessage[]>> = {
  'of a fetched batch': (records) => decoded(batchOf(records)).messages,
  'copied from a fetched batch': (records) =>
    decoded(batchOf(records)).messages.map((message) => message.copy()),
  'that consumerMessage made': (records) =>
    records.map((record) => consumerMessage({ topic: 'in', partition: 0, offset: 0, ...record })),
  'that a test made in another way': (records) => records.map((record) => makeMessage(record)),
};
type AnyRecord = typeof anyRecord extends fc.Arbitrary<infer Value> ? Value : never;

for (const [origin, messagesOf] of Object.entries(origins)) {
  test(`messages ${origin} are forwarded in the very bytes and to the partition that send gives them`, async (t) => {
    const property = fc.asyncProperty(anyForwards, anySetup, async (forwards, setup) => {
      const messages = messagesOf(forwards.map(([record]) => record));
      const each = (act: (message: ConsumerMessage, fields: ForwardFields) => void) => {
        for (const [at, [, fields]] of forwards.entries()) {
          const message = messages[at];
          assert.ok(message !== undefined);
          act(message, fields);
        }
      };
      const forwarded = await batchesOf((sender) => {
        each((message, fields) => {
          sender.forward(message, fields);
        });
      }, setup);
      const sent = await batchesOf((sender) => {
        each((message, fields) => {
          sendInstead(sender, message, fields);
        });
      }, setup);
      assert.deepEqual(forwarded, sent);
    });
    await t.notThrowsAsync(fc.assert(property));
  });
}

for (const compression of compressions) {
  test(`what is forwarded is compressed with ${compression} as what is sent`, async (t) => {
    const record = { key: Buffer.from('k'), value: Buffer.alloc(2000, 'v'), headers: [], timestamp: NOW };
    const { messages } = decoded(batchOf([record, record], { compression }));
    const forwarded = await batchesOf(
      (sender) => {
        for (const message of messages) sender.forward(message, { topic: 'out' });
      },
      { compression },
    );
    const sent = await batchesOf(
      (sender) => {
        for (const message of messages) sendInstead(sender, message, { topic: 'out' });
      },
      { compression },
    );
    t.is(messages.length, 2);
    t.deepEqual(forwarded, sent);
  });
}
