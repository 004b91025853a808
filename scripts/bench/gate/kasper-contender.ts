import { randomUUID } from 'node:crypto';
import { silentLogger, TopicProcessor, type MessageProcessor } from '../../../source/index.ts';
import { checkRead, type GateJob } from './gate-job.ts';

/** This project, with the options that a user would have, but for {@link TopicProcessor} claims. */
export async function kasper(job: GateJob): Promise<void> {
  const { output, kind } = job;
  let bytes = 0;
  const processor: Record<GateJob['kind'], MessageProcessor> = {
    consume: {
      process(messages) {
        for (const message of messages) bytes += (message.key?.length ?? 0) + (message.value?.length ?? 0);
      },
    },
    copy: {
      process(messages, sender) {
        for (const { key, value, partition } of messages) {
          bytes += (key?.length ?? 0) + (value?.length ?? 0);
          sender.send({ topic: output, key, value, partition });
        }
      },
    },
  };
  const run = new TopicProcessor(
    {
      topicProcessorName: `gate-${randomUUID()}`,
      client: { brokers: [job.broker] },
      inputTopics: [job.input],
      inputPartitions: Array.from({ length: job.partitions }, (_none, partition) => partition),
      batchSize: job.batchSize,
      // They wait for a second at each start, which costs no CPU and much of the gate's time.
      claims: false,
      logger: silentLogger,
    },
    processor[kind],
  );
  const { records } = await run.runToEnd();
  checkRead(job, records, bytes);
}
