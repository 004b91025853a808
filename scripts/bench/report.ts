import type { Comparison, RowRuns } from './comparison.ts';
import { figuresOf, ratio, type Figures } from './figures.ts';
import type { Row } from './run-row.ts';

/** A comparison as JSON has it. */
export interface ComparisonReport {
  readonly job: string;
  readonly title: string;
  readonly valueBytes: number;
  readonly compression: string;
  readonly partitions: number;
  readonly records: number;
  readonly keys: number;
  readonly rows: readonly RowReport[];
}

interface RowReport extends Partial<Figures> {
  readonly contender: string;
  readonly version: string;
  /** null where the contender's batches are what a fetch returned. */
  readonly batch: number | null;
  readonly settings: Row['settings'];
  /** How many times the rate of each peer; of the row with the same batches, if it has them. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly runs: RowRuns['runs'];
  readonly failures: readonly string[];
}

export function reportOf({ job, ground, records, keys, rows }: Comparison): ComparisonReport {
  return {
    job: job.name,
    title: job.title,
    ...ground,
    records,
    keys,
    rows: rows.map((row) => {
      const own = row.runs.length === 0 ? undefined : figuresOf(row.runs);
      return {
        contender: row.contender.name,
        version: row.contender.prepared.version,
        batch: row.batch ?? null,
        settings: row.settings,
        ...own,
        ratios: own === undefined ? {} : ratiosOf(own, row, rows),
        runs: row.runs,
        failures: row.failures,
      };
    }),
  };
}

function ratiosOf(own: Figures, row: Row, rows: readonly RowRuns[]): Record<string, number> {
  const peers = rows.filter(
    (peer) =>
      peer.contender.name !== 'kasper-ts' &&
      peer.runs.length > 0 &&
      (peer.batch === undefined || row.batch === undefined || peer.batch === row.batch),
  );
  return Object.fromEntries(peers.map((peer) => [peer.contender.name, ratio(own, figuresOf(peer.runs))]));
}

/** A table with a heading: of Markdown, or with columns in line. */
export function tableOf(report: ComparisonReport, form: 'table' | 'markdown'): string {
  const peers = [...new Set(report.rows.flatMap(({ ratios }) => Object.keys(ratios)))];
  const head = [
    'Contender',
    'Batch',
    'Records/s',
    'from',
    'to',
    ...peers.map((peer) => `x ${peer}`),
    'CPU s per million',
    'Peak MB',
    'Collector',
  ];
  const lines = report.rows.map((row) => [
    row.contender,
    row.batch?.toLocaleString('en') ?? 'as fetched',
    ...cells(row, peers),
  ]);
  const { valueBytes, compression, partitions, records, keys } = report;
  const packed = compression === 'none' ? '' : `, ${compression}`;
  const about =
    `${report.job}: ${report.title}. ${records.toLocaleString('en')} records of 7 + ${valueBytes} bytes, ` +
    `${keys.toLocaleString('en')} keys, ${partitions} partitions${packed}`;
  return form === 'markdown'
    ? `${about}\n\n${markdown([head, ...lines])}`
    : `${about}\n${aligned([head, ...lines])}`;
}

function cells(row: RowReport, peers: readonly string[]): string[] {
  const { recordsPerSecond: rate, cpuSecondsPerMillion: cpu, peakMegabytes, collectorShare } = row;
  if (rate === undefined || cpu === undefined) return ['failed', '', '', ...peers.map(() => ''), '', '', ''];
  const failed = row.failures.length > 0 ? ` (${row.failures.length} failed)` : '';
  return [
    thousands(rate.median) + failed,
    thousands(rate.min),
    thousands(rate.max),
    ...peers.map((peer) => row.ratios[peer]?.toFixed(2) ?? ''),
    cpu.median.toPrecision(3),
    (peakMegabytes ?? NaN).toFixed(0),
    `${((collectorShare ?? NaN) * 100).toFixed(0)} %`,
  ];
}

function thousands(perSecond: number): string {
  return `${(perSecond / 1000).toPrecision(3)} k`.replace(/^(\d\.\d+e\+\d+)/, (text) =>
    Number(text).toFixed(0),
  );
}

function markdown([head = [], ...lines]: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
