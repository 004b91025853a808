import type { ComparisonReport, RowReport } from '../report.ts';
import type { LeftOut } from '../plan.ts';
import { markdownTables } from '../tables.ts';
import type { Part } from './parts.ts';

/** A part of the page, and what was measured of it until now. */
export interface PartResult {
  readonly part: Part;
  /** The options of its command, with those that were added. */
  readonly options: string;
  readonly reports: readonly MeasuredReport[];
}

/** A comparison, and how often its rows were run. */
export interface MeasuredReport {
  readonly report: ComparisonReport;
  readonly runs: number;
  /** Contenders that cannot work with these topics here. */
  readonly leftOut: readonly LeftOut[];
}

export interface ResultsPage {
  /** What it was measured on. */
  readonly about: string;
  /** Contenders that cannot be run at all. */
  readonly leftOut: readonly LeftOut[];
  readonly results: readonly PartResult[];
  /** undefined while it is still being measured. */
  readonly minutes: number | undefined;
}

/** The whole page, with all that was measured until now. */
export function pageText({ about, leftOut, results, minutes }: ResultsPage): string {
  const measured = results.filter(({ reports }) => reports.length > 0);
  return `${[
    `# Speed: more figures

How they are measured, and what the columns mean: [Speed](README.md). \`npm run bench -- results\` writes this page, each table as soon as it is
measured, in some 35 minutes: it takes as many records for each row, and as many runs, as that allows. Peak memory is the most of all runs of a row.

${about}`,
    ...leftOut.map(({ contender, why }) => `${contender} is left out: ${reasonIn(why)}.`),
    ...measured.map((result) => partText(result, measured)),
    minutes === undefined
      ? 'Not all was measured: the command was stopped.'
      : `All of it was measured in ${Math.ceil(minutes)} minutes.`,
  ].join('\n\n')}\n`;
}

function partText({ part, options, reports }: PartResult, all: readonly PartResult[]): string {
  const runs = [...new Set(reports.map((one) => one.runs))].toSorted((a, b) => a - b);
  const shown = reports.map(({ report }) => report);
  const besides = part.besides === undefined ? [] : all.flatMap((other) => rowsBesides(part, other, shown));
  const medians =
    runs.length === 1 && runs[0] === 1 ? 'One run each.' : `Medians of ${runs.join(' or ')} runs.`;
  return [
    `## ${part.title}\n\n\`${options}\``,
    [part.text, medians].join(' '),
    ...(besides.length > 0 ? ['Rows of the tables above are shown again, for comparison.'] : []),
    markdownTables(inOrder([...besides, ...shown])),
    ...leftOutOf(reports),
    ...failures(shown),
  ].join('\n\n');
}

/** What another part has measured of the same jobs. */
function rowsBesides(
  { besides = [] }: Part,
  other: PartResult,
  shown: readonly ComparisonReport[],
): ComparisonReport[] {
  if (other.part.besides !== undefined || other.options.includes('--sweep')) return [];
  const contenders = new Set(shown.flatMap(({ rows }) => rows.map(({ contender }) => contender)));
  return other.reports
    .map(({ report }) => report)
    .filter(({ job }) => shown.some((one) => one.job === job))
    .map((report) => ({
      ...report,
      rows: report.rows
        .filter(
          ({ contender, batch }) => contenders.has(contender) && (batch === null || besides.includes(batch)),
        )
        .map(withoutSteady),
    }));
}

function withoutSteady({ steady: _steady, ...row }: RowReport): RowReport {
  return row;
}

function failures(reports: readonly ComparisonReport[]): string[] {
  const lines = reports.flatMap(({ job, rows }) =>
    rows.flatMap(({ contender, failures: all }) =>
      [...new Set(all.map(reasonIn))].map((why) => `- ${job}, ${contender}: ${why}`),
    ),
  );
  return lines.length === 0 ? [] : [['Failed:', '', ...new Set(lines)].join('\n')];
}

function leftOutOf(reports: readonly MeasuredReport[]): string[] {
  const lines = reports.flatMap(({ report: { compression, valueBytes, partitions }, leftOut }) =>
    leftOut.map(
      ({ contender, why }) =>
        `Left out: ${contender} with codec ${compression}, ${valueBytes} bytes and ${partitions} partitions: ${why}.`,
    ),
  );
  return [...new Set(lines)];
}

/** What an error says first, and the first error in what a process printed: that may be a page. */
function reasonIn(text: string): string {
  const [first = '', ...others] = text.split('\n');
  const error = others.find((line) => /^\w*Error: /.test(line));
  return [first, ...(error === undefined ? [] : [error])].map(cut).join(': ');
}

function cut(line: string): string {
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** Rows on topics of one kind together, the smaller ones first; of a contender the smaller batches. */
function inOrder(reports: readonly ComparisonReport[]): ComparisonReport[] {
  const merged: ComparisonReport[] = [];
  for (const report of reports) {
    const at = merged.findIndex((one) => isSameGround(one, report));
    const found = merged[at];
    if (found === undefined) merged.push(report);
    else merged[at] = { ...found, rows: byContender([...found.rows, ...report.rows]) };
  }
  return merged.toSorted((a, b) => a.valueBytes - b.valueBytes || a.partitions - b.partitions);
}

function isSameGround(one: ComparisonReport, other: ComparisonReport): boolean {
  return (
    one.job === other.job &&
    one.valueBytes === other.valueBytes &&
    one.compression === other.compression &&
    one.partitions === other.partitions
  );
}

function byContender(rows: readonly RowReport[]): RowReport[] {
  const names = [...new Set(rows.map(({ contender }) => contender))];
  return rows.toSorted(
    (a, b) => names.indexOf(a.contender) - names.indexOf(b.contender) || (a.batch ?? 0) - (b.batch ?? 0),
  );
}
