import { defineJob, type Job, type JobOptions } from '../../../source/index.ts';
import type { WorkerContext } from '../workload.ts';

/** Copies each record of `in`, with its headers, to the partition of `out` of the same number. */
export function copyJob(worker: WorkerContext, options: Partial<JobOptions> = {}): Job {
  return defineJob(
    {
      topicProcessorName: worker.name,
      inputTopics: [worker.topic('in')],
      batchSize: 200,
      batchWaitMs: 50,
      ...options,
    },
    {
      async process(messages, sender) {
        const half = Math.ceil(messages.length / 2);
        for (const [at, message] of messages.entries()) {
          if (at === half) {
            // So that a part of the batch is durable where it is killed.
            await sender.flush();
            worker.midway();
          }
          sender.forward(message, { topic: worker.topic('out'), partition: message.partition });
        }
      },
    },
  );
}
