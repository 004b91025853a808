// Compares this project with its peers at whole jobs on a real Kafka: `npm run bench -- --help`.
// Each run of each contender is a process of its own.
import { BenchCluster } from './cluster.ts';
import { compare } from './comparison.ts';
import { readyContenders } from './contenders/contenders.ts';
import { thisMachine } from './machine.ts';
import { benchOptions, usage } from './options.ts';
import { planOf, type LeftOut } from './plan.ts';
import { aboutText, outcomeText } from './progress.ts';
import { reportOf, type ComparisonReport } from './report.ts';
import { markdownTables, terminalTable } from './tables.ts';

/** Returns the exit code: 1 if a run failed. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = benchOptions(args);
  const leftOut: LeftOut[] = [];
  const leaveOut = (one: LeftOut) => {
    progress(`${one.contender} is left out: ${one.why}`);
    leftOut.push(one);
  };
  const contenders = await readyContenders(options.peers, (contender, why) => {
    leaveOut({ contender, why });
  });
  const machine = thisMachine();
  const cluster = await BenchCluster.open(options.brokers);
  const reports: ComparisonReport[] = [];
  try {
    if (options.output !== 'json')
      console.log(
        `${aboutText({ kafka: cluster.title, machine, contenders, options })} Medians (least to most) of ${options.runs} runs that took turns.`,
      );
    for (const { compared, rows, leftOut: lacking } of planOf(options, contenders)) {
      for (const one of lacking) leaveOut(one);
      const comparison = await compare(cluster, compared, rows, options, (row, result) => {
        progress(outcomeText(compared, row, result));
      });
      const report = reportOf(comparison);
      reports.push(report);
      if (options.output === 'table') console.log(`\n${terminalTable(report)}`);
    }
    await cluster.deleteInputs();
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

/** Standard output is for the result alone: with --json it is one object. */
function progress(text: string): void {
  console.error(text);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
