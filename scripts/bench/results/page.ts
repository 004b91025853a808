import type { ComparisonReport, RowReport } from '../report.ts';
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
}

export interface ResultsPage {
  /** What it was measured on. */
  readonly about: string;
  readonly leftOut: readonly { readonly contender: string; readonly why: string }[];
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
    ...leftOut.map(({ contender, why }) => `${contender} is left out: ${firstLine(why)}.`),
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
    markdownTables([...besides, ...shown]),
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
      [...new Set(all.map(firstLine))].map((why) => `- ${job}, ${contender}: ${why}`),
    ),
  );
  return lines.length === 0 ? [] : [['Failed:', '', ...new Set(lines)].join('\n')];
}

/** An error may have printed a page. */
function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
