import { spin } from '../_helpers/spin.ts';
import { testOnBoth } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';

const BATCHES = 40;
const BATCH_MS = 20;

for (const partitions of [1, 4]) {
  const where = partitions === 1 ? 'one partition' : `${partitions} partitions`;

  testOnBoth(
    `batches that compute one after another: what they did is committed meanwhile, with ${where}`,
    async (t, cluster) => {
      const job = await systemJob(t, cluster, {}, partitions);
      for (let partition = 0; partition < partitions; partition++)
        await write(cluster, job.topic, values(BATCHES / partitions), partition);
      let processed = 0;
      let processedAtCommit = BATCHES;
      const processor = job.make(
        { batchSize: 1, batchWaitMs: 0, claims: false },
        {
          process: () => {
            spin(BATCH_MS);
            processed++;
          },
        },
      );
      processor.on('batch', ({ step }) => {
        if (step === 'committed') processedAtCommit = Math.min(processedAtCommit, processed);
      });
      t.is((await processor.runToEnd()).batches, BATCHES);
      t.true(processedAtCommit < BATCHES / 2, String(processedAtCommit));
    },
  );

  testOnBoth(
    `batches that compute one after another: a close is heard between two of them, with ${where}`,
    async (t, cluster) => {
      const job = await systemJob(t, cluster, {}, partitions);
      for (let partition = 0; partition < partitions; partition++)
        await write(cluster, job.topic, values(BATCHES), partition);
      let processed = 0;
      const processor = job.make(
        { batchSize: 1, batchWaitMs: 0, claims: false },
        {
          process: () => {
            if (processed++ === 0) setTimeout(() => void processor.close(), BATCH_MS);
            spin(BATCH_MS);
          },
        },
      );
      const { batches } = await processor.runLoop();
      t.true(batches < BATCHES / 2, String(batches));
    },
  );
}
