import test from 'ava';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { TOPIC, changeConfigs } from '../_helpers/raw/raw-configs.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

const HOUR_MS = 3_600_000;

test('retention deletes whole batches that are too old, and only when it is asked for', async (t) => {
  const config = { 'retention.ms': String(HOUR_MS) };
  const cluster = await startEmbedded(t, { topics: { flights: { partitions: 1, config } } });
  const now = Date.now();
  cluster.produce('flights', [{ value: 'old', timestamp: now - 3 * HOUR_MS }]);
  cluster.produce('flights', [
    { value: 'old, and in a batch with a new one', timestamp: now - 3 * HOUR_MS },
    { value: 'new', timestamp: now },
  ]);
  cluster.produce('flights', [{ value: 'old, behind a new one', timestamp: now - 3 * HOUR_MS }]);
  t.is(cluster.startOffset('flights', 0), 0);
  cluster.applyRetention('flights');
  t.is(cluster.startOffset('flights', 0), 1);
  t.is(cluster.records('flights').length, 3);
  t.is(cluster.endOffset('flights', 0), 4);
});

test('retention keeps as many bytes as are wanted, of the newest batches', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  for (let i = 0; i < 4; i++) cluster.produce('flights', [{ value: `value ${i}` }]);
  const batch = present(cluster.recordBatches('flights', 0)[0]).length;
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const keep = (bytes: number) =>
    changeConfigs(client, [[TOPIC, 'flights', [['retention.bytes', 0, String(bytes)]]]]);
  await keep(2 * batch + 1);
  cluster.applyRetention('flights');
  t.is(cluster.startOffset('flights', 0), 1, 'less than that would be left without the next one');
  await keep(2 * batch);
  cluster.applyRetention('flights');
  t.is(cluster.startOffset('flights', 0), 2);
  await keep(0);
  cluster.applyRetention('flights');
  t.is(cluster.startOffset('flights', 0), 4, 'also the last one');
});

test('retention deletes nothing of a topic that is only compacted', async (t) => {
  const config = { 'retention.ms': '0', 'cleanup.policy': 'compact' };
  const cluster = await startEmbedded(t, { topics: { flights: { partitions: 1, config } } });
  cluster.produce('flights', [{ key: 'a', value: 'old', timestamp: 1 }]);
  cluster.applyRetention('flights');
  t.is(cluster.startOffset('flights', 0), 0);
});

test('there is no retention of a topic that does not exist', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  t.throws(
    () => {
      cluster.applyRetention('fligths');
    },
    { message: /there is no topic 'fligths'/ },
  );
});
