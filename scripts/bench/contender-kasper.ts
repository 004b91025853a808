// This project, with metrics where METRICS=1 is set: reads the input to its end in batches, and in
// the job `copy` sends each record on.
import { randomUUID } from 'node:crypto';
import { TopicProcessor, type MessageProcessor } from '../../source/index.ts';
import { noopMetrics, PrometheusMetrics } from '../../metrics/index.ts';
import { contenderArguments, measureAndPrint } from './measure.ts';

const { job, broker, input, output, partitions, records } = contenderArguments();
const batchSize = Number(process.env['BATCH_SIZE'] ?? 1000);
let bytes = 0;

const consume: MessageProcessor = {
  process(messages) {
    for (const message of messages) bytes += (message.key?.length ?? 0) + (message.value?.length ?? 0);
  },
};
const copy: MessageProcessor = {
  process(messages, sender) {
    for (const { key, value, partition } of messages) sender.send({ topic: output, key, value, partition });
  },
};

await measureAndPrint(async () => {
  const processor = new TopicProcessor(
    {
      topicProcessorName: `bench-${randomUUID()}`,
      client: { brokers: [broker] },
      inputTopics: [input],
      inputPartitions: Array.from({ length: partitions }, (_, partition) => partition),
      batchSize,
      // Claiming partitions takes a second at each start, however little there is to do: too much
      // of a run of a few seconds.
      claims: false,
      metrics: process.env['METRICS'] === '1' ? new PrometheusMetrics() : noopMetrics,
    },
    job === 'consume' ? consume : copy,
  );
  const summary = await processor.runToEnd();
  if (summary.records !== records) throw new Error(`${summary.records} records processed of ${records}`);
  if (job === 'consume' && bytes < records * 100) throw new Error(`Only ${bytes} bytes were read`);
  return summary.records;
});
