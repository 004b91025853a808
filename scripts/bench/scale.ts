// Many partitions and many records on one processor, on a real Kafka that it starts:
// `npm run bench -- scale [--partitions N] [--records N] [--runs N] [--many N] [--brokers HOST:PORT]`.
// The start with claims, of which one second is a wait; CPU seconds per million records beside those
// of 4 partitions; and the memory of a run over `--many` records (0: none).
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { openClient, silentLogger } from '../../source/index.ts';
import { startKafka } from '../services/kafka-server.ts';
import { median } from './figures.ts';
import { fillInput } from './fill.ts';
import type { ConsumeCost, ConsumeJob } from './scale/consume-process.ts';

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '1000' },
    records: { type: 'string', default: '4000000' },
    runs: { type: 'string', default: '3' },
    many: { type: 'string', default: '10000000' },
    brokers: { type: 'string' },
  },
});
const FEW = 4;
const VALUE_BYTES = 100;
const KEYS = 100_000;
const partitions = Number(values.partitions);
const records = Number(values.records);
const many = Number(values.many);

const kafka = values.brokers === undefined ? await startKafka({ nodes: 1 }) : undefined;
const broker = values.brokers ?? kafka?.brokers[0] ?? '';
const client = openClient({ brokers: [broker] }, { logger: silentLogger });
try {
  await client.connect();
  const jobs = [await makeInput(FEW, records), await makeInput(partitions, records)];
  const costs = new Map<ConsumeJob, ConsumeCost[]>(jobs.map((job) => [job, []]));
  for (let run = 0; run < Number(values.runs); run++)
    for (const job of jobs) costs.get(job)?.push(await consume(job));
  const cpu = jobs.map((job) => middle(costs.get(job), (cost) => cost.cpuSecondsPerMillion));
  for (const [at, job] of jobs.entries()) {
    const all = costs.get(job);
    console.log(
      `${job.partitions} partitions: first batch after ${middle(all, (cost) => cost.startMs).toFixed(0)} ms ` +
        `(${middle(all, (cost) => cost.startCpuSeconds).toFixed(2)} CPU s), ` +
        `${(cpu[at] ?? NaN).toFixed(2)} CPU s per million, ${((cpu[at] ?? NaN) / (cpu[0] ?? NaN)).toFixed(2)} x, ` +
        `at most ${middle(all, (cost) => Math.max(...cost.megabytes)).toFixed(0)} MB`,
    );
  }
  if (many > 0) {
    const { megabytes, cpuSecondsPerMillion } = await consume(await makeInput(FEW, many));
    console.log(
      `${many} records of ${FEW} partitions: ${cpuSecondsPerMillion.toFixed(2)} CPU s per million, ` +
        `at most ${megabytes.map((most) => most.toFixed(0)).join(', ')} MB in each quarter`,
    );
  }
} finally {
  await client.close();
  await kafka?.stop();
}

async function makeInput(partitionCount: number, inAll: number): Promise<ConsumeJob> {
  const input = `scale-${randomUUID()}`;
  const shape = { records: inAll, partitions: partitionCount, keys: KEYS, valueBytes: VALUE_BYTES, seed: 0 };
  await fillInput(client, input, { ...shape, value: 'text' }, 'none');
  return { broker, input, partitions: partitionCount, records: inAll };
}

async function consume(job: ConsumeJob): Promise<ConsumeCost> {
  const child = fork(new URL('./scale/consume-process.js', import.meta.url), [JSON.stringify(job)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The run over ${job.partitions} partitions ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const [cost] = (await Promise.race([once(child, 'message'), ended])) as [ConsumeCost];
  await ended.catch(() => undefined);
  return cost;
}

function middle(costs: readonly ConsumeCost[] = [], figure: (cost: ConsumeCost) => number): number {
  return median(costs.map(figure));
}
