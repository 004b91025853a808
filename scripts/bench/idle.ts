// What a processor costs while there is nothing to read, on a real Kafka that it starts:
// `npm run bench -- idle [--partitions N] [--spans N] [--span-ms N] [--brokers HOST:PORT]`.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { openClient, silentLogger } from '../../source/index.ts';
import { startKafka } from '../services/kafka-server.ts';
import { median } from './figures.ts';

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '100' },
    spans: { type: 'string', default: '3' },
    'span-ms': { type: 'string', default: '10000' },
    brokers: { type: 'string' },
  },
});

const kafka = values.brokers === undefined ? await startKafka({ nodes: 1 }) : undefined;
const broker = values.brokers ?? kafka?.brokers[0] ?? '';
const client = openClient({ brokers: [broker] }, { logger: silentLogger });
try {
  await client.connect();
  const input = `idle-${randomUUID()}`;
  await client.createTopics([{ topic: input, partitionCount: Number(values.partitions) }]);
  const args = [broker, input, values.partitions, values.spans, values['span-ms']];
  const child = fork(new URL('./idle/idle-process.js', import.meta.url), args);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The idle processor ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const [shares] = (await Promise.race([once(child, 'message'), ended])) as [number[]];
  await ended.catch(() => undefined);
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  console.log(
    `${values.partitions} partitions with nothing to read: ${percent(median(shares))} of a core ` +
      `(${shares.length} spans of ${values['span-ms']} ms: ${shares.map(percent).join(', ')})`,
  );
} finally {
  await client.close();
  await kafka?.stop();
}
