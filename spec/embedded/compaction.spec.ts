import test from 'ava';
import { defineJob } from '../../source/job.ts';
import { eachMessage } from '../../source/each-message.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { runJob } from '../../source/testing/run-job.ts';
import type { EmbeddedCluster } from '../../source/embedded/cluster.ts';
import { present } from '../_helpers/raw/present.ts';
import { rawBatch, rawRecord } from '../_helpers/raw/raw-batch.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

const HOUR_MS = 3_600_000;

function texts(cluster: EmbeddedCluster, topic: string) {
  return cluster.records(topic).map(({ offset, keyText, valueText }) => [offset, keyText, valueText]);
}

const compacted = (config: Readonly<Record<string, string>> = {}) => ({
  brokers: 1,
  topics: { fares: { partitions: 1, config: { 'cleanup.policy': 'compact', ...config } } },
});

test('compaction leaves the last record of each key, with its offset, and only when it is asked for', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  cluster.produce('fares', [
    { key: 'a', value: '1' },
    { key: 'b', value: '1' },
    { key: 'a', value: '2' },
  ]);
  cluster.produce('fares', [{ key: 'a', value: '3' }]);
  t.is(cluster.records('fares').length, 4);
  await cluster.compact('fares');
  t.deepEqual(texts(cluster, 'fares'), [
    [1, 'b', '1'],
    [3, 'a', '3'],
  ]);
  t.is(cluster.startOffset('fares', 0), 0);
  t.is(cluster.endOffset('fares', 0), 4);
  const before = cluster.recordBatches('fares', 0);
  await cluster.compact('fares');
  t.deepEqual(cluster.recordBatches('fares', 0), before, 'a second time changes nothing');
});

test('keys are compared by their bytes', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  const keys = [Buffer.from([0xff]), Buffer.from([0xc3, 0xbf]), Buffer.alloc(0), Buffer.from([0])];
  cluster.produce(
    'fares',
    keys.map((key) => ({ key, value: 'x', partition: 0 })),
  );
  await cluster.compact('fares');
  t.is(cluster.records('fares').length, keys.length);
});

test('the last batches can count as those that a broker is writing to', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  for (const value of ['1', '2', '3']) cluster.produce('fares', [{ key: 'a', value }]);
  await cluster.compact('fares', { activeBatches: 1 });
  t.deepEqual(texts(cluster, 'fares'), [
    [1, 'a', '2'],
    [2, 'a', '3'],
  ]);
  await cluster.compact('fares', { activeBatches: 99 });
  t.is(cluster.records('fares').length, 2);
});

test('tombstones stay as long as their topic wants, counted from the first compaction', async (t) => {
  const clock = new FakeClock();
  const config = { 'delete.retention.ms': String(HOUR_MS) };
  const cluster = await startEmbedded(t, { ...compacted(config), clock });
  const timestamp = clock.wallNow();
  cluster.produce('fares', [
    { key: 'a', value: '1', timestamp },
    { key: 'a', value: null, timestamp },
    { key: 'b', value: '1', timestamp },
  ]);
  const left = async () => {
    await cluster.compact('fares');
    return cluster
      .records('fares')
      .map(({ keyText, valueText, timestamp: time }) => [keyText, valueText, time]);
  };
  const kept = [
    ['a', null, timestamp],
    ['b', '1', timestamp],
  ];
  t.deepEqual(await left(), kept);
  await clock.advance(HOUR_MS - 1);
  t.deepEqual(await left(), kept);
  await clock.advance(1);
  t.deepEqual(await left(), [['b', '1', timestamp]], 'times are those of the producer');
});

test('records that are younger than the lag are not compacted, nor what follows them', async (t) => {
  const clock = new FakeClock();
  const config = { 'min.compaction.lag.ms': String(HOUR_MS) };
  const cluster = await startEmbedded(t, { ...compacted(config), clock });
  const now = clock.wallNow();
  for (const timestamp of [now - 2 * HOUR_MS, now - HOUR_MS, now, now - 2 * HOUR_MS])
    cluster.produce('fares', [{ key: 'a', value: 'v', timestamp }]);
  await cluster.compact('fares');
  t.deepEqual(
    cluster.records('fares').map(({ offset }) => offset),
    [1, 2, 3],
  );
});

test('a topic that is not compacted stays as it is', async (t) => {
  const cluster = await startEmbedded(t, { topics: { fares: 1 } });
  for (const value of ['1', '2']) cluster.produce('fares', [{ key: 'a', value }]);
  await cluster.compact('fares');
  t.is(cluster.records('fares').length, 2);
});

test('retention and compaction are applied to the same topic one after the other', async (t) => {
  const now = Date.now();
  const config = { 'cleanup.policy': 'compact,delete', 'retention.ms': String(HOUR_MS) };
  const cluster = await startEmbedded(t, compacted(config));
  cluster.produce('fares', [{ key: 'old', value: '1', timestamp: now - 2 * HOUR_MS }]);
  for (const value of ['1', '2']) cluster.produce('fares', [{ key: 'new', value, timestamp: now }]);
  await cluster.compact('fares');
  t.deepEqual(texts(cluster, 'fares'), [
    [0, 'old', '1'],
    [2, 'new', '2'],
  ]);
  cluster.applyRetention('fares');
  t.deepEqual(texts(cluster, 'fares'), [[2, 'new', '2']]);
  t.is(cluster.startOffset('fares', 0), 1);
});

test('a log can be written, read, deleted from and truncated after it was compacted', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  for (const key of ['a', 'b', 'a', 'a', 'c']) cluster.produce('fares', [{ key, value: key }]);
  await cluster.compact('fares');
  t.deepEqual(cluster.produce('fares', [{ key: 'd', value: 'd' }]), [{ partition: 0, offset: 5 }]);
  const offsets = () => cluster.records('fares').map(({ offset }) => offset);
  t.deepEqual(offsets(), [1, 3, 4, 5]);
  cluster.deleteRecords('fares', 0, 2);
  t.deepEqual(offsets(), [3, 4, 5]);
  t.is(cluster.faults.truncate('fares', 0, 5), 5);
  await cluster.compact('fares');
  t.is(cluster.faults.truncate('fares', 0, 2), 2, 'a hole, of which nothing is there');
  t.is(cluster.endOffset('fares', 0), 2);
  t.deepEqual(offsets(), []);
});

test('a job that reads a topic while it is compacted has the latest value of each key', async (t) => {
  const cluster = await startEmbedded(t, { ...compacted(), brokers: 3 });
  const count = 500;
  for (let i = 0; i < count; i++) cluster.produce('fares', [{ key: `k${i % 7}`, value: String(i) }]);
  const latest = new Map<string | null, string | null>();
  let read = 0;
  const job = defineJob(
    { topicProcessorName: 'table', inputTopics: ['fares'], batchSize: 20 },
    eachMessage(async ({ keyText, valueText }) => {
      latest.set(keyText, valueText);
      if (++read === 100 || read === 1) await cluster.compact('fares');
    }),
  );
  await runJob(job, { cluster });
  t.deepEqual(
    [...latest].sort(),
    Array.from({ length: 7 }, (_, i) => [`k${i}`, String(count - 1 - ((count - 1 - i) % 7))]),
  );
  await cluster.compact('fares');
  const left = cluster.records('fares').map(({ keyText, valueText }) => [keyText, valueText] as const);
  t.deepEqual(left.sort(), [...latest].sort());
});

test('a damaged batch is named, and the log stays as it was', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  for (const value of ['1', '2']) cluster.produce('fares', [{ key: 'a', value }]);
  const body = Buffer.concat([rawRecord({ key: Buffer.from('a') }), Buffer.from([0xff, 0xff, 0xff])]);
  cluster.appendRaw('fares', 0, rawBatch({ count: 2, body }));
  cluster.appendRaw('fares', 0, rawBatch({ attributes: 3, body: Buffer.from('no lz4') }));
  const before = cluster.recordBatches('fares', 0);
  await t.throwsAsync(cluster.compact('fares'), {
    name: 'RecordError',
    message: /The record batch at offset 2 of fares\/0 cannot be compacted: its records are damaged/,
  });
  t.deepEqual(cluster.recordBatches('fares', 0), before);
  cluster.faults.truncate('fares', 0, 4);
  cluster.deleteRecords('fares', 0, 2);
  t.is(present(cluster.recordBatches('fares', 0)[0]).length, present(before[2]).length);
});

test('what cannot be compacted is refused by name', async (t) => {
  const cluster = await startEmbedded(t, compacted());
  await t.throwsAsync(cluster.compact('fraes'), { message: /there is no topic 'fraes'/ });
  await t.throwsAsync(cluster.compact('fares', { activeBatches: -1 }), {
    name: 'ConfigError',
    message: /activeBatches must be a whole number from 0, not -1/,
  });
  await t.throwsAsync(cluster.compact('fares', { activeBatch: 1 } as object), {
    message: /unknown option 'activeBatch'.*activeBatches/i,
  });
});
