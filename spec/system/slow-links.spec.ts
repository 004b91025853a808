import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { BrokerProxies } from '../../source/testing/index.ts';
import { testOnBoth, type TestCluster } from '../_helpers/servers/services.ts';
import { systemJob, write } from '../_helpers/jobs/system-job.ts';
import { valuesOf } from '../_helpers/servers/topic-values.ts';

/** Text of this many bytes that no codec makes smaller. */
function noise(bytes: number): string {
  return randomBytes(Math.ceil(bytes / 2))
    .toString('hex')
    .slice(0, bytes);
}

async function slowClient(t: ExecutionContext, cluster: TestCluster, bytesPerSecond: number) {
  const { brokers } = cluster;
  const proxies = await BrokerProxies.start({ brokers });
  t.teardown(() => proxies.close());
  proxies.link({ bytesPerSecond });
  return { brokers: [...brokers], socketFactory: proxies.socketFactory };
}

testOnBoth(
  'a link of 50 kB/s: an answer of 400 kB from four partitions is read and committed, with claims, and without a warning',
  async (t, cluster) => {
    const partitions = 4;
    const job = await systemJob(t, cluster, {}, partitions);
    // One answer has them all, and takes 8 s: longer than an answer may take that does not move.
    const values = Array.from({ length: 100 }, () => noise(1_000));
    for (let partition = 0; partition < partitions; partition++)
      await write(cluster, job.topic, values, partition);
    const client = await slowClient(t, cluster, 50_000);
    const processor = job.make({ client, batchSize: 100 });
    const { records } = await processor.runToEnd();
    t.is(records, partitions * values.length);
    for (let partition = 0; partition < partitions; partition++)
      t.is((await job.committed(partition)).offset, values.length);
    t.deepEqual(job.log.warnings(), []);
  },
);

testOnBoth(
  'a link of 100 kB/s: a batch sends a megabyte, each record is stored once and in order',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    const output = `${job.topic}-out`;
    await cluster.createTopic(output, 1);
    await write(cluster, job.topic, ['go']);
    // One request has them all, and takes 10 s: longer than one may take that does not move.
    const sent = Array.from({ length: 960 }, () => noise(1_000));
    const client = await slowClient(t, cluster, 100_000);
    const processor = job.make(
      { client },
      {
        process: (_messages, sender) => {
          for (const value of sent) sender.send({ topic: output, value });
        },
      },
    );
    t.is((await processor.runToEnd()).sent, sent.length);
    t.is((await job.committed()).offset, 1);
    t.deepEqual(await valuesOf(cluster, output, sent.length), sent);
    t.is(processor.stats().repeated, 0);
  },
);
