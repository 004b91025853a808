// From the write of a record to the arrival of its copy at a reader, on a real Kafka that it starts:
// `npm run bench -- latency [--rate N] [--seconds N] [--partitions N] [--wait-ms N] [--brokers HOST:PORT]`.
// Writer and reader are in this process, so that one clock measures; the processor is in another.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { openClient, silentLogger } from '../../source/index.ts';
import { startKafka } from '../services/kafka-server.ts';
import { RecordReader } from './latency/record-reader.ts';
import { RecordWriter } from './latency/record-writer.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    partitions: { type: 'string', default: '4' },
    'wait-ms': { type: 'string', default: '5' },
    brokers: { type: 'string' },
  },
});
const rate = Number(values.rate);
const partitions = Number(values.partitions);
/** Code is compiled, and connections are opened, as the first records come. */
const WARM_UP_MS = 5000;

const kafka = values.brokers === undefined ? await startKafka({ nodes: 1 }) : undefined;
const broker = values.brokers ?? kafka?.brokers[0] ?? '';
const client = openClient({ brokers: [broker] }, { logger: silentLogger });
try {
  await client.connect();
  const [plain, input, output] = [await makeTopic(), await makeTopic(), await makeTopic()];
  await report('written and read, without a processor', plain, plain);
  const copy = fork(new URL('./latency/copy-process.js', import.meta.url), [
    ...[broker, input, output, String(partitions), values['wait-ms']],
  ]);
  const ended = once(copy, 'exit');
  await Promise.race([once(copy, 'message'), ended.then(() => Promise.reject(new Error('No copy')))]);
  await report(`copied, batchWaitMs ${values['wait-ms']}`, input, output);
  copy.disconnect();
  await ended;
} finally {
  await client.close();
  await kafka?.stop();
}

async function makeTopic(): Promise<string> {
  const topic = `latency-${randomUUID()}`;
  await client.createTopics([{ topic, partitionCount: partitions }]);
  return topic;
}

/** Prints how long records are on their way from one topic to another. */
async function report(what: string, input: string, output: string): Promise<void> {
  const writer = new RecordWriter(client, input, partitions);
  const reader = new RecordReader(client, output, partitions);
  await reader.take(await writer.write(rate, WARM_UP_MS));
  const agesMs = await reader.take(await writer.write(rate, Number(values.seconds) * 1000));
  const sorted = [...agesMs].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? NaN).toFixed(1);
  console.log(
    `${what}: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms, longest ${at(1 - 1 / sorted.length)} ms ` +
      `(${sorted.length} records at ${rate} a second, ${partitions} partitions)`,
  );
  await reader.close();
  await writer.close();
}
