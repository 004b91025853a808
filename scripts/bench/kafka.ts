// Compares this project with kafkajs on a real Kafka:
// `npm run bench -- [--records N] [--runs N] [--brokers HOST:PORT]`. Each run of each contender is
// a process of its own; contenders take turns, so that a machine that slows down slows all of them.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openClient, silentLogger } from '../../source/index.ts';
import { startKafka } from '../services/kafka-server.ts';
import { median, runContender } from './contender.ts';
import { fill } from './fill.ts';
import type { Measurement } from './measure.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '4' },
    brokers: { type: 'string' },
  },
});
const records = Number(values.records);
const runs = Number(values.runs);
const partitions = Number(values.partitions);
const VALUE_BYTES = 100;
const JOBS = ['consume', 'copy'] as const;
const CONTENDERS = [
  { name: 'kasper-ts, batches of 10,000', file: 'contender-kasper.js', env: { BATCH_SIZE: '10000' } },
  { name: 'kasper-ts, batches of 1,000', file: 'contender-kasper.js', env: { BATCH_SIZE: '1000' } },
  { name: 'kafkajs eachBatch + sendBatch of 1,000', file: 'contender-kafkajs.js', env: {} },
] as const;
const PEER = CONTENDERS[2].name;

const kafka = values.brokers === undefined ? await startKafka({ nodes: 1 }) : undefined;
const broker = values.brokers ?? kafka?.brokers[0] ?? '';
try {
  const client = openClient({ brokers: [broker] }, { logger: silentLogger });
  await client.connect();
  const input = `bench-in-${randomUUID()}`;
  await client.createTopics([{ topic: input, partitionCount: partitions }]);
  await fill(client, input, partitions, records, VALUE_BYTES);
  console.log(
    `${records} records of ${VALUE_BYTES} bytes with keys, ${partitions} partitions, ${runs} runs, Node ${process.version}`,
  );
  const measured = new Map<string, Measurement[]>();
  for (let run = 0; run < runs; run++) {
    for (const job of JOBS) {
      for (const { name, file, env } of CONTENDERS) {
        const output = `bench-out-${randomUUID()}`;
        await client.createTopics([{ topic: output, partitionCount: partitions }]);
        const args = [job, broker, input, output, String(partitions), String(records)];
        const key = `${job}: ${name}`;
        const result = await runContender(file, env, args);
        measured.set(key, [...(measured.get(key) ?? []), result]);
      }
    }
  }
  await client.close();
  for (const job of JOBS) {
    const rate = (name: string) =>
      median((measured.get(`${job}: ${name}`) ?? []).map(({ records: done, seconds }) => done / seconds));
    console.log(`\n${job} (medians)`);
    for (const { name } of CONTENDERS) {
      const all = measured.get(`${job}: ${name}`) ?? [];
      const cpu = median(all.map(({ cpuSeconds, records: done }) => (cpuSeconds / done) * 1e6));
      const memory = median(all.map(({ peakMegabytes }) => peakMegabytes));
      const ratio = rate(name) / rate(PEER);
      console.log(
        `  ${name.padEnd(42)} ${(rate(name) / 1e6).toFixed(3)} M records/s  ${ratio.toFixed(1)} x  ` +
          `${cpu.toFixed(2)} CPU s per million  ${memory.toFixed(0)} MB peak`,
      );
    }
  }
} finally {
  await kafka?.stop();
}
