import { hostname } from 'node:os';
import { testOnEach } from '../../_helpers/servers/clusters.ts';
import { adminJob, GROUP } from '../admin-cluster.ts';
import { kasper } from '../memory-io.ts';

testOnEach('show tells offsets, epochs, metadata and claims', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const processor = await job.run([0]);
  await job.commit(1, 3, 'moved by\u001b[31m hand');
  t.deepEqual(await job.kasper('offsets', 'show', job.name), {
    exitCode: 0,
    stdout: `${GROUP}

TOPIC            PARTITION  COMMITTED  EPOCH  METADATA               CLAIM
in-xxxxxxxxxxxx          0         10      0                         pid P on H, alive since TIME
in-xxxxxxxxxxxx          1          3      -  moved by\\x1b[31m hand
in-xxxxxxxxxxxx          2          -      -
`,
    stderr: '',
  });
  await processor.close();
  const { stdout } = await kasper(['offsets', 'show', job.name, '--json', '--brokers', job.brokers]);
  const [topic] = await job.client.admin().topicDetails([job.topic]);
  const shown = JSON.parse(stdout) as { partitions: { claim: { startedAt: string } | null }[] };
  t.deepEqual(shown as unknown, {
    group: job.groupId,
    state: 'Empty',
    protocolType: '',
    members: [],
    partitions: [
      {
        topic: job.topic,
        partition: 0,
        committedOffset: 10,
        leaderEpoch: 0,
        metadata: '',
        claim: {
          state: 'released',
          host: hostname(),
          pid: process.pid,
          instanceId: null,
          startedAt: shown.partitions[0]?.claim?.startedAt,
          topicId: topic?.topicId,
        },
      },
      {
        topic: job.topic,
        partition: 1,
        committedOffset: 3,
        leaderEpoch: null,
        metadata: 'moved by\u001b[31m hand',
        claim: null,
      },
      {
        topic: job.topic,
        partition: 2,
        committedOffset: null,
        leaderEpoch: null,
        metadata: '',
        claim: null,
      },
    ],
    gone: [],
    claimsError: null,
  });
});
