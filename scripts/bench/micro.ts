// What a record costs in each part of the pipeline, without a Kafka:
// `npm run bench -- micro [--only WORD] [--ms N]`. Compare runs of two builds that take turns: what
// else the machine does changes the times by far more than most changes to the code.
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { microCases, RECORDS } from './micro/cases.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, ms: { type: 'string', default: '1000' } },
});

const bench = new Bench({ time: Number(values.ms), warmupTime: 250 });
const sums = new Map<string, number>();
for (const { name, run } of microCases()) {
  if (!name.includes(values.only)) continue;
  bench.add(name, () => {
    sums.set(name, run());
  });
}
bench.runSync();
const nanoseconds = (ms: number) => `${((ms * 1e6) / RECORDS).toFixed(0).padStart(5)} ns`;
for (const { name, result } of bench.tasks) {
  if (result.state !== 'completed')
    throw new Error(`${name}: ${result.state}`, 'error' in result ? { cause: result.error } : {});
  const { p50, min } = result.latency;
  console.log(
    `${name.padEnd(32)} ${nanoseconds(p50)} a record (least ${nanoseconds(min).trim()}, ${result.latency.samplesCount} rounds)`,
  );
}
