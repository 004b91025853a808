// Measures all tables of the page with more figures, and writes it after each of them:
// `npm run bench -- results [--minutes 35] [--only WORD] [--file scripts/bench/results.md] [options]`.
// Other options are added to those of each part: `--runs 5`, `--brokers HOST:PORT`.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { BenchCluster } from './cluster.ts';
import { compare } from './comparison.ts';
import { peerNames } from './contenders/contender.ts';
import { readyContenders } from './contenders/contenders.ts';
import { thisMachine } from './machine.ts';
import { benchOptions } from './options.ts';
import { planOf, type LeftOut } from './plan.ts';
import { aboutText, outcomeText } from './progress.ts';
import { reportOf } from './report.ts';
import { fillSeconds, roundSeconds, TimeLeft } from './results/expected-time.ts';
import { pageText, type MeasuredReport } from './results/page.ts';
import { parts, resultsOptions } from './results/parts.ts';

/** A run that hangs must not take the time of all others. */
const USUAL_OPTIONS = ['--limit-seconds', '90'];

/** Returns the exit code: 1 if a run failed. */
async function main(args: readonly string[]): Promise<number> {
  const { file, minutes, only, others } = resultsOptions(
    args,
    join(repositoryRoot, 'scripts/bench/results.md'),
  );
  const leftOut: LeftOut[] = [];
  const contenders = await readyContenders(peerNames, (contender, why) => {
    console.error(`${contender} is left out: ${why}`);
    leftOut.push({ contender, why });
  });
  const planned = parts
    .filter(({ title }) => title.toLowerCase().includes(only))
    .map((part) => {
      const options = benchOptions([...USUAL_OPTIONS, ...part.options.split(' '), ...others]);
      const reports: MeasuredReport[] = [];
      const comparisons = planOf(options, contenders).map((one) => ({
        one,
        expected: { fillSeconds: fillSeconds(one), roundSeconds: roundSeconds(one), runs: options.runs },
      }));
      return { part, options, reports, comparisons };
    });
  const left = planned.flatMap(({ comparisons }) => comparisons.map(({ expected }) => expected));
  const time = new TimeLeft(minutes * 60, () => performance.now());
  const [first] = planned;
  if (first === undefined) throw new Error(`No part has '${only}' in its title`);
  const cluster = await BenchCluster.open(first.options.brokers);
  const about = aboutText({
    kafka: cluster.title,
    machine: thisMachine(),
    contenders,
    options: first.options,
  });
  const write = (minutesTaken?: number) =>
    writeFile(
      file,
      pageText({
        about,
        leftOut,
        results: planned.map(({ part, reports }) => ({
          part,
          reports,
          options: [part.options, ...others].join(' '),
        })),
        minutes: minutesTaken,
      }),
    );
  try {
    for (const [number, { part, options, reports, comparisons }] of planned.entries()) {
      for (const { one, expected } of comparisons) {
        const runs = time.runsFor(left);
        const minutesLeft = Math.ceil(time.expectedSeconds(left, runs) / 60);
        console.error(
          `\n${part.title} (part ${number + 1} of ${planned.length}), ${one.compared.job.name}: ${runs} runs; ` +
            `${Math.floor(time.elapsedSeconds / 60)} minutes have passed, about ${minutesLeft} are left`,
        );
        const comparison = await compare(
          cluster,
          one.compared,
          one.rows,
          { ...options, runs },
          (row, result) => {
            console.error(outcomeText(one.compared, row, result));
          },
        );
        reports.push({ report: reportOf(comparison), runs, leftOut: one.leftOut });
        time.done(expected, runs);
        left.shift();
        await write();
      }
    }
    await write(time.elapsedSeconds / 60);
    await cluster.deleteInputs();
  } finally {
    await cluster.close();
  }
  const failed = planned.some(({ reports }) =>
    reports.some(({ report }) => report.rows.some(({ failures }) => failures.length > 0)),
  );
  return failed ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
