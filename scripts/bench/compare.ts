// Compares this project with its peers at whole jobs on a real Kafka: `npm run bench -- --help`.
// Each run of each contender is a process of its own.
import { BenchCluster } from './cluster.ts';
import { compare, comparedRows } from './comparison.ts';
import { readyContenders } from './contenders/contenders.ts';
import { jobs } from './jobs/jobs.ts';
import { thisMachine } from './machine.ts';
import { grounds } from './matrix.ts';
import type { Measurement } from './measure.ts';
import { benchOptions, usage, type BenchOptions } from './options.ts';
import { reportOf, tableOf, type ComparisonReport } from './report.ts';
import type { Row } from './run-row.ts';
import { sweptRows } from './sweep.ts';

/** Returns the exit code: 1 if a run failed. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = benchOptions(args);
  const contenders = await readyContenders(options.peers, (name, why) => {
    progress(`${name} is left out: ${why}`);
  });
  const machine = thisMachine();
  const cluster = await BenchCluster.open(options.brokers);
  const reports: ComparisonReport[] = [];
  try {
    print(
      options,
      `${cluster.title}, on the same machine: ${machine.cpus} x ${machine.model}, ${machine.memoryGigabytes} GB, ` +
        `Node ${machine.node}; ${contenders.map(({ name, prepared }) => `${name} ${prepared.version}`).join(', ')}; ` +
        `medians of ${options.runs} runs that took turns`,
    );
    for (const ground of grounds(options)) {
      for (const job of options.jobs.map((name) => jobs[name])) {
        const rows = options.sweep ? sweptRows(job, contenders) : comparedRows(job, contenders, options);
        const comparison = await compare(cluster, { job, ground }, rows, options, (row, result) => {
          progress(`${job.name}, ${describe(row, options)}: ${outcome(result)}`);
        });
        const report = reportOf(comparison);
        reports.push(report);
        if (options.output !== 'json') print(options, `\n${tableOf(report, options.output)}`);
      }
      await cluster.deleteInputs();
    }
  } finally {
    await cluster.close();
  }
  if (options.output === 'json')
    console.log(
      JSON.stringify({ machine, kafka: cluster.title, runs: options.runs, comparisons: reports }, null, 2),
    );
  return reports.some(({ rows }) => rows.some(({ failures }) => failures.length > 0)) ? 1 : 0;
}

/** Standard output is for the result alone: with --json it is one object. */
function print({ output }: BenchOptions, text: string): void {
  if (output !== 'json') console.log(text);
}

function progress(text: string): void {
  console.error(text);
}

function describe({ contender, batch, settings }: Row, { sweep }: BenchOptions): string {
  const set = sweep ? Object.entries(settings).map(([name, value]) => `${name} ${value}`) : [];
  return [contender.name, ...(batch === undefined ? [] : [`batches of ${batch}`]), ...set].join(', ');
}

function outcome(result: Measurement | Error): string {
  if (result instanceof Error) return `FAILED: ${result.message}`;
  return `${Math.round(result.records / result.seconds)} records/s, ${((result.cpuSeconds / result.records) * 1e6).toFixed(2)} CPU s per million`;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
