// Compares this project with its peers at whole jobs on a real Kafka: `npm run bench -- --help`.
// Each run of each contender is a process of its own.
import { BenchCluster } from './cluster.ts';
import { compare, comparedRows } from './comparison.ts';
import { readyContenders, type ReadyContender } from './contenders/contenders.ts';
import { jobs } from './jobs/jobs.ts';
import { thisMachine, type Machine } from './machine.ts';
import { grounds } from './matrix.ts';
import type { Measurement } from './measure.ts';
import { benchOptions, usage, type BenchOptions } from './options.ts';
import { reportOf, type ComparisonReport } from './report.ts';
import type { Row } from './run-row.ts';
import { sweptRows } from './sweep.ts';
import { markdownTables, settingsText, terminalTable } from './tables.ts';

/** Returns the exit code: 1 if a run failed. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = benchOptions(args);
  const leftOut: { readonly contender: string; readonly why: string }[] = [];
  const contenders = await readyContenders(options.peers, (contender, why) => {
    progress(`${contender} is left out: ${why}`);
    leftOut.push({ contender, why });
  });
  const machine = thisMachine();
  const cluster = await BenchCluster.open(options.brokers);
  const reports: ComparisonReport[] = [];
  try {
    if (options.output !== 'json') console.log(about(cluster.title, machine, contenders, options));
    for (const ground of grounds(options)) {
      for (const job of options.jobs.map((name) => jobs[name])) {
        const compared = { job, ground };
        const rows = (options.sweep ? sweptRows : comparedRows)(compared, contenders, options);
        const comparison = await compare(cluster, compared, rows, options, (row, result) => {
          progress(`${job.name}, ${describe(row, options)}: ${outcome(result)}`);
        });
        const report = reportOf(comparison);
        reports.push(report);
        if (options.output === 'table') console.log(`\n${terminalTable(report)}`);
      }
      await cluster.deleteInputs();
    }
  } finally {
    await cluster.close();
  }
  if (options.output === 'markdown') console.log(`\n${markdownTables(reports)}`);
  if (options.output === 'json') {
    const { runs, nodeOptions } = options;
    const kafka = cluster.title;
    const all = { machine, kafka, runs, nodeOptions, leftOut, comparisons: reports };
    console.log(JSON.stringify(all, null, 2));
  }
  return reports.some(({ rows }) => rows.some(({ failures }) => failures.length > 0)) ? 1 : 0;
}

/** What was compared on what, above the tables. */
function about(
  kafka: string,
  { cpus, model, memoryGigabytes, node }: Machine,
  contenders: readonly ReadyContender[],
  { runs, nodeOptions }: BenchOptions,
): string {
  const named = contenders.map(({ name, prepared, settings }) => {
    const set = settingsText(settings);
    return `${name} ${prepared.version}${set === '' ? '' : ` (${set})`}`;
  });
  return (
    `${[`Node ${node}`, ...nodeOptions].join(' ')}; ${named.join('; ')}; ${kafka}, on the same machine: ` +
    `${cpus} x ${model}, ${memoryGigabytes} GB. Medians (least to most) of ${runs} runs that took turns.`
  );
}

/** Standard output is for the result alone: with --json it is one object. */
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
