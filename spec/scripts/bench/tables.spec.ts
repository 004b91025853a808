import test from 'ava';
import type { Comparison, RowRuns } from '../../../scripts/bench/comparison.ts';
import type { Contender } from '../../../scripts/bench/contenders/contender.ts';
import { franzGo } from '../../../scripts/bench/contenders/franz-go.ts';
import { kafkajs } from '../../../scripts/bench/contenders/kafkajs.ts';
import { kasper } from '../../../scripts/bench/contenders/kasper.ts';
import { jobs } from '../../../scripts/bench/jobs/jobs.ts';
import { reportOf } from '../../../scripts/bench/report.ts';
import { markdownTables, terminalTable } from '../../../scripts/bench/tables.ts';

/** A row whose runs took so many seconds for a million records. */
function row(contender: Contender, batch: number | undefined, ...seconds: number[]): RowRuns {
  return {
    contender: { ...contender, prepared: { version: '1.2.3', program: '', args: [] } },
    batch,
    settings: contender.settings,
    inputs: [{ records: 1_000_000, partitions: 4, keys: 1000, valueBytes: 100, value: 'text', seed: 0 }],
    runs: seconds.map((each) => ({
      records: 1_000_000,
      seconds: each,
      cpuSeconds: each,
      peakMegabytes: 150,
      collectorShare: 0.25,
      sums: {},
    })),
    shortRuns: [],
    failures: [],
  };
}

function comparison(rows: readonly RowRuns[], valueBytes = 100): Comparison {
  const ground = { valueBytes, compression: 'none', partitions: 4 } as const;
  return { job: jobs.copy, ground, keys: 1000, rows };
}

test('a row is compared with the row of a peer that has the same batches, and with peers that take none', (t) => {
  const { rows } = reportOf(
    comparison([
      row(kasper, 10_000, 1),
      row(kasper, 1000, 2),
      row(kafkajs, undefined, 8),
      row(franzGo, 10_000, 2),
      row(franzGo, 1000, 1),
    ]),
  );
  t.deepEqual(rows[0]?.ratios, { kafkajs: 8, 'franz-go': 2 });
  t.deepEqual(rows[1]?.ratios, { kafkajs: 4, 'franz-go': 0.5 });
});

test('where a peer has several rows, the fastest is the one to compare with', (t) => {
  const { rows } = reportOf(comparison([row(kafkajs, undefined, 4), row(kafkajs, undefined, 2)]));
  t.deepEqual(
    rows.map(({ ratios }) => ratios),
    [{ kafkajs: 0.5 }, { kafkajs: 1 }],
  );
});

test('a peer without a right run is compared with nothing, and its row says that it failed', (t) => {
  const report = reportOf(
    comparison([row(kasper, 10_000, 1), { ...row(kafkajs, undefined), failures: ['records: 1, not 2'] }]),
  );
  t.deepEqual(report.rows[0]?.ratios, {});
  t.deepEqual(report.rows[1]?.failures, ['records: 1, not 2']);
  t.regex(terminalTable(report), /^kafkajs +as fetched +failed/m);
});

test('a table shows the median with the least and the most, and how many runs failed', (t) => {
  const report = reportOf(
    comparison([{ ...row(kasper, 10_000, 1, 2, 4), failures: ['it failed'] }, row(kafkajs, undefined, 20)]),
  );
  const lines = terminalTable(report).split('\n');
  t.regex(lines[0] ?? '', /^copy: .+, 1,000,000 records of 7 \+ 100 bytes, 1,000 keys, 4 partitions$/);
  t.regex(lines[2] ?? '', /^kasper-ts +10,000 +500 \(250 to 1,000, 1 failed\) +10\.00 +2\.00 +150 +25 %$/);
  t.regex(lines[3] ?? '', /^kafkajs +as fetched +50\.0 \(50\.0 to 50\.0\) +1\.00 +20\.0 +150 +25 %$/);
});

test('in Markdown comparisons of one job are one table, with a column for what differs', (t) => {
  const text = markdownTables([
    reportOf(comparison([row(kasper, 10_000, 1)], 100)),
    reportOf(comparison([row(kasper, 10_000, 2)], 1000)),
  ]);
  const lines = text.split('\n');
  t.is(lines.filter((line) => line.startsWith('| Value bytes | Contender | Batch |')).length, 1);
  t.true(lines.some((line) => line.startsWith('| 100 | kasper-ts | 10,000 | 1,000 (1,000 to 1,000) |')));
  t.true(lines.some((line) => line.startsWith('| 1,000 | kasper-ts | 10,000 | 500 (500 to 500) |')));
  t.false(text.includes('Codec'));
});

test('rows that read fewer records than others say so', (t) => {
  const few = row(kasper, 1, 1);
  const inputs = few.inputs.map((shape) => ({ ...shape, records: 50_000 }));
  const text = terminalTable(reportOf(comparison([row(kasper, 10_000, 1), { ...few, inputs }])));
  t.regex(text, /^kasper-ts +1 +50,000 /m);
  t.regex(text, /^kasper-ts +10,000 +1,000,000 /m);
});

test('where runs of two lengths were made, columns have the start, and what further records cost', (t) => {
  const long = row(kasper, 10_000, 2);
  const shortRuns = row(kasper, 10_000, 0.75).runs.map((run) => ({ ...run, records: 250_000 }));
  const report = reportOf(comparison([{ ...long, shortRuns }, row(kafkajs, undefined, 20)]));
  const [heading = '', , own = '', peer = ''] = markdownTables([report]).split('\n').slice(2);
  t.regex(
    heading,
    /\| CPU s per million \| CPU s to start \| CPU s per further million \| Thousand further records\/s \| Peak MB \|/,
  );
  t.regex(own, /\| 2\.00 \| 0\.33 \| 1\.67 \| 600 \| 150 \|/);
  t.true(peer.includes('| 20.0 |  |  |  | 150 |'));
  t.false(markdownTables([reportOf(comparison([long]))]).includes('further'));
});

test('rows of a sweep are told apart by their settings', (t) => {
  const swept = (maxBytes: number) => ({ ...row(kafkajs, undefined, 1), settings: { maxBytes } });
  const text = markdownTables([reportOf(comparison([swept(1000), swept(2000)]))]);
  t.regex(text, /\| kafkajs \| maxBytes 1,000 \|/);
  t.regex(text, /\| kafkajs \| maxBytes 2,000 \|/);
});
