import { spin } from '../_helpers/spin.ts';
import { testOnBoth } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';

testOnBoth(
  'batches that compute for 6 s each cost no commit, no claim and no connection',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, {}, 2);
    for (const partition of [0, 1]) await write(cluster, job.topic, values(1), partition);
    const processor = job.make(
      { batchSize: 1, batchWaitMs: 0 },
      {
        process: () => {
          spin(6_000);
        },
      },
    );
    t.is((await processor.runToEnd()).batches, 2);
    for (const partition of [0, 1]) t.is((await job.committed(partition)).offset, 1);
    t.deepEqual(job.log.warnings(), []);
  },
);
