import test from 'ava';
import { ConfigError } from '../../source/kernel/errors.ts';
import { codecNamed, prepareCompression } from '../../source/kafka/records/compression.ts';
import { rawBatch, rawRecord } from '../_helpers/raw/raw-batch.ts';
import { kafkajsOn, startEmbedded } from '../_helpers/servers/embedded.ts';

test('records are written to partitions as a producer does, and read back', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 3 } });
  const written = cluster.produce('in', [
    { key: 'ann', value: '1', headers: { a: 'b' }, timestamp: 5 },
    { key: 'ann', value: null },
    { value: '2' },
    { value: Buffer.from('3'), partition: 2 },
  ]);
  t.is(written[0]?.partition, written[1]?.partition);
  t.is(written.length, 4);
  const records = cluster.records('in');
  t.is(records.length, 4);
  for (const [at, { partition, offset }] of written.entries()) {
    const found = records.find((each) => each.partition === partition && each.offset === offset);
    t.is(found?.valueText, ['1', null, '2', '3'][at]);
  }
  const first = records.find(({ valueText }) => valueText === '1');
  t.like(first, { topic: 'in', keyText: 'ann', timestamp: 5 });
  t.is(first?.headers.get('a')?.toString(), 'b');
});

test("a key's partition is that of kafkajs's, and kafkajs reads what was written", async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 5, same: 5 } });
  const keys = Array.from({ length: 40 }, (_none, at) => `key-${at}`);
  const written = cluster.produce(
    'in',
    keys.map((key) => ({ key, value: key })),
  );
  const producer = kafkajsOn(cluster).producer();
  await producer.connect();
  await producer.send({ topic: 'same', messages: keys.map((key) => ({ key, value: key })) });
  await producer.disconnect();
  const partitions = new Map(cluster.records('same').map(({ keyText, partition }) => [keyText, partition]));
  t.deepEqual(
    written.map(({ partition }) => partition),
    keys.map((key) => partitions.get(key)),
  );
  const consumer = kafkajsOn(cluster).consumer({ groupId: 'spec' });
  t.teardown(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic: 'in', fromBeginning: true });
  const read = new Set<string>();
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ message }) => {
          read.add(String(message.value));
          if (read.size === keys.length) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  t.deepEqual([...read].sort(), [...keys].sort());
});

test('records that were deleted are not read, and records of an empty topic are none', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1 } });
  t.deepEqual(cluster.records('in'), []);
  t.deepEqual(cluster.produce('in', []), []);
  cluster.produce('in', [{ value: 'a' }, { value: 'b' }]);
  cluster.deleteRecords('in', 0, 1);
  t.deepEqual(
    cluster.records('in').map(({ valueText }) => valueText),
    ['b'],
  );
});

test('nothing is written of records among which is one that is wrong', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 2 } });
  const refused: readonly [records: unknown, message: RegExp][] = [
    [[{ value: 'a' }, { value: 7 }], /value of a record must be a Buffer, text or null, not 7/],
    [[{ value: 'a' }, { value: 'b', key: 7 }], /key of a record must be a Buffer/],
    [[{ value: 'a' }, { value: 'b', partition: 2 }], /topic 'in' has partitions 0 to 1, not 2/],
    [[{ value: 'a' }, { value: 'b', topic: 'in' }], /unknown field of a record 'topic'/],
    [[{ value: 'a' }, 'b'], /a record must be an object, not 'b'/],
    [{ value: 'a' }, /records must be an array/],
    [[{ value: 'a' }, { value: 'b', headers: { a: 7 } }], /header "a"/],
    [[{ value: 'a' }, { value: 'b', timestamp: 1.5 }], /timestamp must be whole milliseconds/],
  ];
  for (const [records, message] of refused)
    t.throws(() => cluster.produce('in', records as never), { instanceOf: ConfigError, message });
  t.throws(() => cluster.produce('out', []), { instanceOf: ConfigError, message: /out/ });
  t.throws(() => cluster.records('out'), { instanceOf: ConfigError, message: /out/ });
  t.deepEqual(cluster.records('in'), []);
});

test('records are read whatever their batches were compressed with', async (t) => {
  await prepareCompression();
  const cluster = await startEmbedded(t, { topics: { in: 1 } });
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const { bits, compress } = codecNamed(codec);
    const body = compress(rawRecord({ value: Buffer.from(codec) }));
    cluster.appendRaw('in', 0, rawBatch({ attributes: bits, body }));
  }
  t.deepEqual(
    cluster.records('in').map(({ valueText }) => valueText),
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  );
});
