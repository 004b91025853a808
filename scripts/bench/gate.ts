// Fails when a job has become dearer: `npm run bench -- gate [--record]`. CPU seconds per million
// records of consume and copy are compared with those that kafkajs takes for the same, in turns on
// one real Kafka: a machine that is busy or slow makes both dearer. `--record` writes the ratios to
// gate-ratios.json instead.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../services/folders.ts';
import { startKafka } from '../services/kafka-server.ts';
import { GateMeasurement, KINDS } from './gate/gate-measurement.ts';
import { judge, type Ratios, type Verdict } from './gate/verdict.ts';

const RATIOS_FILE = join(repositoryRoot, 'scripts/bench/gate-ratios.json');
const RUNS = 5;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
  const kafka = await startKafka({ nodes: 1 });
  const measurement = new GateMeasurement(kafka.brokers[0] ?? '');
  try {
    await measurement.prepare();
    if (values.record) {
      const { ratios } = printed(judge(await measurement.pairs(RUNS, KINDS), {}));
      await writeFile(RATIOS_FILE, `${JSON.stringify(ratios, null, 2)}\n`);
      return 0;
    }
    return await compare(measurement, JSON.parse(await readFile(RATIOS_FILE, 'utf8')) as Ratios);
  } finally {
    await measurement.close();
    await kafka.stop();
  }
}

async function compare(measurement: GateMeasurement, recorded: Ratios): Promise<number> {
  const first = printed(judge(await measurement.pairs(RUNS, KINDS), recorded));
  if (first.failures.size === 0) return 0;
  const kinds = KINDS.filter((kind) => [...first.failures.keys()].some((job) => job.startsWith(kind)));
  // What else a machine does with its caches makes one contender dearer than the other, too, but
  // seldom the same one twice.
  console.log('Measured again, since it seems to have become dearer:');
  const second = printed(judge(await measurement.pairs(RUNS, kinds), recorded));
  const failed = [...second.failures].filter(([job]) => first.failures.has(job));
  for (const [, text] of failed) console.error(`FAILED ${text}`);
  return failed.length === 0 ? 0 : 1;
}

function printed(verdict: Verdict): Verdict {
  for (const line of verdict.lines) console.log(line);
  return verdict;
}

process.exitCode = await main();
