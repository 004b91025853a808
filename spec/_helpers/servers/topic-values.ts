import { kafkajsFor } from '../jobs/system-job.ts';
import type { TestCluster } from './services.ts';

/** The first values of a topic, as kafkajs reads them. */
export async function valuesOf(cluster: TestCluster, topic: string, count: number): Promise<string[]> {
  const consumer = kafkajsFor(cluster).consumer({ groupId: `${topic}-reader` });
  const found: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ message }) => {
            found.push(message.value?.toString() ?? '');
            if (found.length >= count) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return found;
}
