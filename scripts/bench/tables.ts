import type { ComparisonReport, RowReport } from './report.ts';

/** Columns of a table: a heading, and the cell of a row. */
type Columns = readonly (readonly [heading: string, cell: (row: RowReport) => string])[];

/** The start apart from what further records cost. */
const steadyColumns: Columns = [
  ['CPU s to start', ({ steady }) => steady?.startCpuSeconds.toFixed(2) ?? ''],
  ['CPU s per further million', ({ steady }) => steady?.cpuSecondsPerMillion.toPrecision(3) ?? ''],
  [
    'Thousand further records/s',
    ({ steady }) => (steady === undefined ? '' : thousands(steady.recordsPerSecond)),
  ],
];

/** What the topics of a comparison may differ in. */
const grounds: readonly (readonly [heading: string, cell: (report: ComparisonReport) => string])[] = [
  ['Value bytes', ({ valueBytes }) => count(valueBytes)],
  ['Codec', ({ compression }) => compression],
  ['Partitions', ({ partitions }) => count(partitions)],
];

/** One comparison for a terminal: a heading, and columns in line. */
export function terminalTable(report: ComparisonReport): string {
  const columns = columnsOf([report]);
  const lines = [columns.map(([heading]) => heading), ...report.rows.map((row) => cellsOf(columns, row))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  const aligned = lines.map((line) =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
  return [`${titleOf(report)}, ${groundOf(report)}`, ...aligned].join('\n');
}

/** All comparisons in Markdown: a table for each job, with a column for whatever differs in it. */
export function markdownTables(reports: readonly ComparisonReport[]): string {
  const jobs = [...new Set(reports.map(({ job }) => job))];
  return jobs.map((name) => markdownTable(reports.filter(({ job }) => job === name))).join('\n\n');
}

function markdownTable(reports: readonly ComparisonReport[]): string {
  const columns = columnsOf(reports);
  const differing = grounds.filter(([, cell]) => new Set(reports.map(cell)).size > 1);
  const headings = [...differing, ...columns].map(([heading]) => heading);
  const lines = reports.flatMap((report) =>
    report.rows.map((row) => [...differing.map(([, cell]) => cell(report)), ...cellsOf(columns, row)]),
  );
  const table = [headings, headings.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`);
  const [first] = reports;
  if (first === undefined) return '';
  const common = differing.length === 0 ? `, ${groundOf(first)}` : '';
  return [`${titleOf(first)}${common}:`, '', ...table].join('\n');
}

function columnsOf(reports: readonly ComparisonReport[]): Columns {
  const rows = reports.flatMap((report) => report.rows);
  const peers = [...new Set(rows.flatMap(({ ratios }) => Object.keys(ratios)))];
  return [
    ['Contender', ({ contender }) => contender],
    isSweep(reports)
      ? ['Settings', ({ settings }) => settingsText(settings)]
      : ['Batch', ({ batch }) => (batch === null ? 'as fetched' : count(batch))],
    ...(new Set(rows.map(({ records }) => records)).size > 1
      ? [['Records', ({ records }: RowReport) => count(records)] as const]
      : []),
    ['Thousand records/s', rateText],
    ...peers.map((peer) => [`x ${peer}`, ({ ratios }: RowReport) => ratios[peer]?.toFixed(2) ?? ''] as const),
    ['CPU s per million', ({ cpuSecondsPerMillion: cpu }) => cpu?.median.toPrecision(3) ?? ''],
    ...(rows.some(({ steady }) => steady !== undefined) ? steadyColumns : []),
    ['Peak MB', ({ peakMegabytes }) => peakMegabytes?.toFixed(0) ?? ''],
    [
      'Collector',
      ({ collectorShare: share }) => (share === undefined ? '' : `${(share * 100).toFixed(0)} %`),
    ],
  ];
}

/** Whether rows differ in their settings alone. */
function isSweep(reports: readonly ComparisonReport[]): boolean {
  return reports.some(
    ({ rows }) =>
      new Set(rows.map(({ contender, batch }) => `${contender}/${String(batch)}`)).size < rows.length,
  );
}

function cellsOf(columns: Columns, row: RowReport): string[] {
  return columns.map(([, cell]) => cell(row));
}

function rateText({ recordsPerSecond: rate, failures }: RowReport): string {
  if (rate === undefined) return 'failed';
  const failed = failures.length === 0 ? '' : `, ${failures.length} failed`;
  return `${thousands(rate.median)} (${thousands(rate.min)} to ${thousands(rate.max)}${failed})`;
}

/** Settings as in `maxBytes 1,048,576, concurrency 4`. */
export function settingsText(settings: RowReport['settings']): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? count(value) : value}`)
    .join(', ');
}

function titleOf({ job, title }: ComparisonReport): string {
  return `${job}: ${title}`;
}

function groundOf({ rows, valueBytes, keys, partitions, compression }: ComparisonReport): string {
  const records = Math.max(0, ...rows.map((row) => row.records));
  const packed = compression === 'none' ? '' : `, ${compression}`;
  return `${count(records)} records of 7 + ${count(valueBytes)} bytes, ${count(keys)} keys, ${count(partitions)} partitions${packed}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function thousands(perSecond: number): string {
  return perSecond < 100_000 ? (perSecond / 1000).toPrecision(3) : count(Math.round(perSecond / 1000));
}
