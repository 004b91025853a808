import type { ExecutionContext } from 'ava';
import test from 'ava';
import { ConfigError } from '../../../source/index.ts';
import { EmbeddedCluster } from '../../../source/embedded/index.ts';
import { BrokerProxies } from '../../../source/testing/index.ts';
import { systemJob, threeNodes, values, write } from '../../_helpers/jobs/system-job.ts';
import { testOnBoth, type TestCluster } from '../../_helpers/servers/services.ts';
import { valuesOf } from '../../_helpers/servers/topic-values.ts';
import { until } from '../../_helpers/until.ts';

async function proxiesOf(t: ExecutionContext, { brokers }: Pick<TestCluster, 'brokers'>) {
  const proxies = await BrokerProxies.start({ brokers });
  t.teardown(() => proxies.close());
  return proxies;
}

/** A job that copies its topic, through proxies. */
async function copyThrough(t: ExecutionContext, cluster: TestCluster, proxies: BrokerProxies) {
  const job = await systemJob(t, cluster);
  const output = `${job.topic}-out`;
  await cluster.createTopic(output, 1);
  const { socketFactory } = proxies;
  const processor = job.make(
    { client: { brokers: [...cluster.brokers], socketFactory } },
    {
      process: (messages, sender) => {
        for (const { value } of messages) sender.send({ topic: output, value });
      },
    },
  );
  return { ...job, output, processor };
}

testOnBoth('all connections of a job go through the proxies', async (t, cluster) => {
  const proxies = await proxiesOf(t, cluster);
  const { topic, processor, output } = await copyThrough(t, cluster, proxies);
  await write(cluster, topic, values(20));
  t.is((await processor.runToEnd()).records, 20);
  t.true(proxies.accepted > 0);
  await until(() => proxies.connections === 0, { deadlineMs: 20_000, what: 'the end of all connections' });
  t.deepEqual(await valuesOf(cluster, output, 20), values(20));
});

testOnBoth('an ack that is lost with its connection stores nothing twice', async (t, cluster) => {
  const proxies = await proxiesOf(t, cluster);
  const { topic, processor, output } = await copyThrough(t, cluster, proxies);
  await write(cluster, topic, values(20));
  const lost = proxies.rule({ api: 'Produce', action: 'reset', when: 'after', times: 2 });
  t.is((await processor.runToEnd()).records, 20);
  t.is(lost.hits, 2);
  t.deepEqual(await valuesOf(cluster, output, 20), values(20));
});

testOnBoth(
  'a job on a slow link whose connections live for a second copies all, in order',
  async (t, cluster) => {
    const proxies = await proxiesOf(t, cluster);
    const { topic, processor, output } = await copyThrough(t, cluster, proxies);
    await write(cluster, topic, values(200));
    proxies.link({ latencyMs: 20, jitterMs: 10, bytesPerSecond: 375_000 });
    proxies.resetAfter({ fromMs: 500, toMs: 1_500 });
    t.is((await processor.runToEnd()).records, 200);
    const copied = await valuesOf(cluster, output, 200);
    t.deepEqual([...new Set(copied)], values(200));
  },
);

test('a fault of one broker leaves the others alone', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const proxies = await proxiesOf(t, cluster);
  const { topic, processor, seen } = await systemJob(t, cluster).then((job) => ({
    ...job,
    processor: job.make({ client: { brokers: [...cluster.brokers], socketFactory: proxies.socketFactory } }),
  }));
  await write(cluster, topic, values(5));
  const loop = processor.runLoop();
  await until(() => seen.length === 5, { deadlineMs: 20_000, what: 'five records' });
  const away = cluster.brokers[nodes.leaderOf(topic, 0) - 1] ?? '';
  proxies.broker(away).refuse();
  const [other = 0] = [1, 2, 3].filter(
    (node) => cluster.brokers[node - 1] !== away && node !== nodes.coordinatorOf(topic),
  );
  nodes.moveLeader(topic, 0, other);
  await write(cluster, topic, values(5, 5));
  await until(() => seen.length === 10, { deadlineMs: 20_000, what: 'the next five at the new leader' });
  proxies.pass();
  await processor.close();
  await loop;
  t.deepEqual(seen, values(10));
});

test('a broker that has no proxy is refused, whichever name its host has otherwise', async (t) => {
  const cluster = await EmbeddedCluster.start();
  t.teardown(() => cluster.close());
  const proxies = await proxiesOf(t, cluster);
  const [port = 0] = Object.values(proxies.ports);
  const [, own = ''] = (cluster.brokers[0] ?? '').split(':');
  const connected = new Promise<void>((resolve) => {
    const socket = proxies.socketFactory({ host: 'localhost', port: Number(own), onConnect: resolve });
    t.teardown(() => socket.destroy());
    t.is(socket.remotePort ?? port, port);
  });
  await connected;
  t.throws(() => proxies.socketFactory({ host: 'other', port: 1, onConnect: () => undefined }), {
    instanceOf: ConfigError,
    message: /no proxy stands before 'other:1', only before .*: give all brokers, as they report themselves/,
  });
  t.throws(() => proxies.broker('other:1'), { instanceOf: ConfigError });
});
