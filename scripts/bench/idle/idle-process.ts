// A processor that has nothing to read, in a process of its own: sends how much CPU it took in each
// of several spans.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger, TopicProcessor } from '../../../source/index.ts';

const [broker, input, partitions, spans, spanMs] = process.argv.slice(2);
if (broker === undefined || input === undefined)
  throw new Error('Usage: node idle-process.js BROKER INPUT PARTITIONS SPANS SPAN-MS');

const processor = new TopicProcessor(
  {
    topicProcessorName: `idle-${randomUUID()}`,
    client: { brokers: [broker] },
    inputTopics: [input],
    inputPartitions: Array.from({ length: Number(partitions) }, (_none, partition) => partition),
    logger: silentLogger,
  },
  { process: () => undefined },
);
const running = processor.runLoop();
await new Promise<void>((resolve) => {
  processor.on('state', ({ to }) => {
    if (to === 'running') resolve();
  });
});
const shares: number[] = [];
// Until what a start leaves behind is done: the claims, and the collector.
await sleep(Number(spanMs));
for (let span = 0; span < Number(spans); span++) {
  const before = process.cpuUsage();
  const began = performance.now();
  await sleep(Number(spanMs));
  const { user, system } = process.cpuUsage(before);
  shares.push((user + system) / 1000 / (performance.now() - began));
}
process.send?.(shares);
await processor.close();
await running;
