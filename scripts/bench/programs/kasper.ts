// This project: reads the inputs to their end in batches.
import { TopicProcessor } from '../../../source/index.ts';
import { noopMetrics, PrometheusMetrics } from '../../../metrics/index.ts';
import { jobs } from '../jobs/jobs.ts';
import { measureAndPrint } from '../measure.ts';
import { givenTask } from '../task.ts';

const task = givenTask();
const { processor, options, sums, close } = jobs[task.job].kasper(task);

await measureAndPrint(async () => {
  const topicProcessor = new TopicProcessor(
    {
      topicProcessorName: task.name,
      client: { brokers: [...task.brokers] },
      inputTopics: task.inputs,
      inputPartitions: Array.from({ length: task.partitions }, (_, partition) => partition),
      batchSize: task.batch,
      concurrency: task.concurrency,
      compression: task.compression,
      // Claiming partitions takes a second at each start, however little there is to do: too much
      // of a run of a few seconds.
      claims: false,
      metrics: task.settings['metrics'] === 'prometheus' ? new PrometheusMetrics() : noopMetrics,
      ...options,
    },
    processor,
  );
  const { records } = await topicProcessor.runToEnd();
  return records;
}, sums);
await close?.();
