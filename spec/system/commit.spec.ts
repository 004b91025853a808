import { testOnBoth } from '../_helpers/services.ts';
import { systemJob, values, write } from '../_helpers/system-job.ts';

testOnBoth('commitMetadata is stored beside each offset, up to 4096 bytes', async (t, cluster) => {
  const job = await systemJob(t, cluster, {}, 2);
  await write(cluster, job.topic, values(25));
  const options = {
    commitMetadata: ({ partition, offset }: { partition: number; offset: number }) =>
      partition === 0 ? `next is ${offset}` : 'é'.repeat(2048),
  };
  await job.make(options).runToEnd();
  t.deepEqual(
    [(await job.committed(0)).metadata, (await job.committed(1)).metadata],
    ['next is 25', 'é'.repeat(2048)],
  );
});
