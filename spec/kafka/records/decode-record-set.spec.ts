import test from 'ava';
import { RecordError } from '../../../source/kernel/errors.ts';
import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import {
  batchOf,
  decoded,
  markerBatch,
  offsetsOf,
  record,
  records,
  rewritten,
  valuesOf,
  withRecords,
} from './batches.ts';

test.before(prepareCompression);

test('a record set of several batches is decoded in order', (t) => {
  const set = decoded(
    Buffer.concat([
      batchOf(records('a', 'b'), { baseOffset: 10, leaderEpoch: 4 }),
      batchOf(records('c'), { baseOffset: 12, leaderEpoch: 5, compression: 'gzip' }),
    ]),
    { fromOffset: 10 },
  );
  t.deepEqual(offsetsOf(set), [10, 11, 12]);
  t.deepEqual(valuesOf(set), ['a', 'b', 'c']);
  t.like(set, { nextOffset: 13, leaderEpoch: 5, partialOnly: false });
  t.like(set.messages[0], { topic: 'orders', partition: 3 });
});

test('an empty record set leaves the position where it was', (t) => {
  t.deepEqual(decoded(Buffer.alloc(0), { fromOffset: 77 }), {
    messages: [],
    nextOffset: 77,
    leaderEpoch: -1,
    bytes: 0,
    recordBytes: 0,
    partialOnly: false,
  });
});

test('a partial batch at the end is left for the next fetch', (t) => {
  const whole = batchOf(records('a', 'b'), { baseOffset: 10 });
  const next = batchOf(records('c', 'd'), { baseOffset: 12 });
  const set = decoded(Buffer.concat([whole, next.subarray(0, next.length - 1)]), { fromOffset: 10 });
  t.deepEqual(valuesOf(set), ['a', 'b']);
  t.like(set, { nextOffset: 12, partialOnly: false });
});

test('a record set that ends within its first batch says so', (t) => {
  const batch = batchOf(records('a'), { baseOffset: 10 });
  for (const length of [1, 16, 17, 61, batch.length - 1]) {
    t.like(
      decoded(batch.subarray(0, length), { fromOffset: 10 }),
      { nextOffset: 10, leaderEpoch: -1, partialOnly: true, bytes: 0 },
      `${length} bytes`,
    );
  }
});

for (const compression of ['none', 'gzip'] as const) {
  test(`a fetch from inside a batch (${compression}) starts at that record`, (t) => {
    const batch = batchOf(records('a', 'b', 'c'), { baseOffset: 10, compression });
    const set = decoded(batch, { fromOffset: 11 });
    t.deepEqual(offsetsOf(set), [11, 12]);
    t.deepEqual(valuesOf(set), ['b', 'c']);
    t.is(set.nextOffset, 13);
  });
}

test('batches below the position yield nothing and do not take the position back', (t) => {
  const set = decoded(batchOf(records('a', 'b'), { baseOffset: 10 }), { fromOffset: 50 });
  t.deepEqual(set.messages, []);
  t.is(set.nextOffset, 50);
});

test('offsets that compaction removed are passed over, also at the end of a batch', (t) => {
  const batch = batchOf(records('a', 'b', 'c', 'd', 'e'), { baseOffset: 100 });
  // Each of these records takes the same bytes; records 1 and 3 stay.
  const size = (batch.length - 61) / 5;
  const kept = Buffer.concat([1, 3].map((i) => batch.subarray(61 + i * size, 61 + (i + 1) * size)));
  const set = decoded(withRecords(batch, 2, kept));
  t.deepEqual(offsetsOf(set), [101, 103]);
  t.deepEqual(valuesOf(set), ['b', 'd']);
  t.is(set.nextOffset, 105);
});

test('a batch that compaction emptied advances the position', (t) => {
  const empty = withRecords(batchOf(records('a', 'b', 'c'), { baseOffset: 20 }), 0, Buffer.alloc(0));
  t.like(decoded(empty, { fromOffset: 20 }), { messages: [], nextOffset: 23, bytes: 0, partialOnly: false });
  const compressed = withRecords(
    batchOf(records('a', 'b', 'c'), { baseOffset: 20, compression: 'zstd' }),
    0,
    Buffer.alloc(0),
  );
  t.like(decoded(compressed, { fromOffset: 20 }), { messages: [], nextOffset: 23 });
});

test('control batches advance the position and yield no messages in either isolation', (t) => {
  const set = Buffer.concat([batchOf(records('a'), { baseOffset: 5 }), markerBatch(6, 9n, 'commit')]);
  for (const aborted of [undefined, [], [{ producerId: 8n, firstOffset: 0 }]]) {
    t.deepEqual(offsetsOf(decoded(set, { aborted })), [5]);
    t.is(decoded(set, { aborted }).nextOffset, 7);
  }
});

test('a record before the first one in time keeps its timestamp', (t) => {
  const times = [1_700_000_000_000, 1_600_000_000_000, 0, -1, 1_800_000_000_000];
  const set = decoded(batchOf(times.map((timestamp) => record({ timestamp }))));
  t.deepEqual(
    set.messages.map((message) => message.timestamp),
    times,
  );
});

test('the broker may set the time of all records of a batch', (t) => {
  const batch = rewritten(batchOf([record({ timestamp: 1000 }), record({ timestamp: 2000 })]), (copy) => {
    copy.writeInt16BE(0x08, 21);
    copy.writeBigInt64BE(5000n, 35);
  });
  t.deepEqual(
    decoded(batch).messages.map((message) => message.timestamp),
    [5000, 5000],
  );
});

test('a timestamp beyond 2^53, as of a producer that writes nanoseconds, is rounded and stops nobody', (t) => {
  const batch = rewritten(batchOf(records('a')), (copy) =>
    copy.writeBigInt64BE(1_700_000_000_000_000_001n, 27),
  );
  const [message] = decoded(batch).messages;
  t.is(message?.valueText, 'a');
  t.is(message?.timestamp, Number(1_700_000_000_000_000_001n));
});

test('125,000 records of one byte in one compressed batch are decoded', (t) => {
  const one = record({ value: Buffer.from('x') });
  const batch = batchOf(new Array<typeof one>(125_000).fill(one), { compression: 'gzip', baseOffset: 7 });
  const set = decoded(batch);
  t.is(set.messages.length, 125_000);
  t.is(set.messages.at(-1)?.offset, 125_006);
  t.is(set.messages.at(-1)?.valueText, 'x');
  t.is(set.nextOffset, 125_007);
});

test('bytes counts the memory that messages keep alive', (t) => {
  const batch = batchOf(records('a', 'b'), { baseOffset: 0 });
  const compressed = batchOf(records('c', 'd', 'e'), { baseOffset: 2, compression: 'gzip' });
  const inflated = batchOf(records('c', 'd', 'e')).length - 61;
  const both = Buffer.concat([batch, compressed]);
  t.is(decoded(both).bytes, both.length + inflated);
  t.is(decoded(compressed).bytes, inflated, 'the compressed bytes are free again');
  t.is(decoded(both, { fromOffset: 2 }).bytes, inflated, 'no message reads from the record set');
  t.is(decoded(both, { fromOffset: 5 }).bytes, 0);
});

test('beyond the inflate budget the rest is left for the next fetch, but never all of it', (t) => {
  const inflated = batchOf(records('a', 'b')).length - 61;
  const set = Buffer.concat([
    batchOf(records('a', 'b'), { baseOffset: 0, compression: 'gzip' }),
    batchOf(records('c', 'd'), { baseOffset: 2, compression: 'gzip' }),
    batchOf(records('e', 'f'), { baseOffset: 4, compression: 'gzip' }),
  ]);
  t.like(decoded(set, { inflateBudget: 0 }), { nextOffset: 2, partialOnly: false });
  t.is(decoded(set, { inflateBudget: inflated - 1 }).nextOffset, 2);
  t.is(decoded(set, { inflateBudget: inflated }).nextOffset, 4);
  t.is(decoded(set, { inflateBudget: 2 * inflated }).nextOffset, 6);
});

test('batches of the formats before Kafka 0.11 are refused with what to do', (t) => {
  const batch = batchOf(records('a'), { baseOffset: 42 });
  for (const magic of [0, 1]) {
    const old = Buffer.from(batch);
    old.writeInt8(magic, 16);
    const error = t.throws(() => decoded(old), { instanceOf: RecordError });
    t.regex(
      error.message,
      new RegExp(`offset 42 of partition 3 of topic orders .*message format ${magic}, .*Copy the topic`),
    );
  }
});

test('an offset beyond 2^53 is an error that names the place', (t) => {
  const batch = batchOf(records('a', 'b'));
  for (const offset of [2n ** 53n, 2n ** 53n - 2n, 2n ** 63n - 1n]) {
    const far = Buffer.from(batch);
    far.writeBigInt64BE(offset, 0);
    const error = t.throws(() => decoded(far), { instanceOf: RecordError });
    t.regex(error.message, new RegExp(`offset ${offset} of partition 3 of topic orders`));
  }
  const last = Buffer.from(batch);
  last.writeBigInt64BE(2n ** 53n - 3n, 0);
  t.is(decoded(last).nextOffset, Number.MAX_SAFE_INTEGER);
});
