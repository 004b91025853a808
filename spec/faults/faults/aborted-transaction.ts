import { Kafka, logLevel } from 'kafkajs';
import type { Fault } from '../fault.ts';
import { numberHeader } from '../workload.ts';

/** Others write to the input in transactions that they abort: nothing of it counts. */
export const abortedTransaction: Fault = {
  name: 'aborted-transaction',
  needs: ['kafka'],
  long: false,
  plan: (random) => ({ lastsMs: random.between(0, 1_000), records: random.between(1, 50) }),
  async inject(world, { records }) {
    const kafka = new Kafka({ brokers: [...world.servers.kafka.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      transactionalId: `${world.prefix}-aborting`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    for (const { topic, partition } of world.partitionsOf('input'))
      await transaction.send({
        topic,
        messages: Array.from({ length: Number(records) }, () => ({
          partition,
          key: 'aborted',
          value: 'aborted',
          headers: { [numberHeader]: 'aborted' },
        })),
      });
    return {
      heal: async () => {
        await transaction.abort();
        await producer.disconnect();
      },
      mark: () => Promise.resolve(`${records} records of each partition were aborted`),
    };
  },
  // Its records and markers have offsets, too.
  allows: ['new-topic'],
};
