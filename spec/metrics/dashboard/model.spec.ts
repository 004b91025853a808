import test from 'ava';
import { CounterWindow } from '../../../metrics/dashboard/model/counter-window.ts';
import {
  age,
  bytes,
  count,
  dayTime,
  duration,
  largeCount,
  shortCount,
  stepTime,
} from '../../../metrics/dashboard/model/figures.ts';
import { lagStep } from '../../../metrics/dashboard/model/lag-steps.ts';
import { matches, sortRows } from '../../../metrics/dashboard/model/partition-order.ts';
import { partitionColumns } from '../../../metrics/dashboard/model/partition-columns.ts';
import { PartitionRows, type PartitionRow } from '../../../metrics/dashboard/model/partition-rows.ts';
import { allKey, namedProcessors, overallState } from '../../../metrics/dashboard/model/processors.ts';
import { StatsHistory } from '../../../metrics/dashboard/model/stats-history.ts';
import { isPageReport, type PageReport } from '../../../metrics/dashboard/model/page-report.ts';
import type { StatsReport } from '../../../metrics/stats-report.ts';
import { FabricatedStats, type FabricatedProcessor } from '../../../scripts/dashboard/fabricated-stats.ts';
import type { ProcessorStats } from '../../../source/stats.ts';
import { TopicProcessor } from '../../../source/topic-processor.ts';

const start = Date.UTC(2026, 10, 28, 12);

function fabricated(...processors: Partial<FabricatedProcessor>[]): FabricatedStats {
  return new FabricatedStats(start, ...processors);
}

test('what the page reads of a report is what processors and the server say', (t) => {
  const read = (report: StatsReport<ProcessorStats>): PageReport => report;
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'spec',
      client: { brokers: ['localhost:1'] },
      inputTopics: ['in'],
      inputPartitions: [0],
    },
    { process: () => undefined },
  );
  const health = { healthy: true, degraded: false, ready: false, problems: [] };
  const about = { version: '1.0.0', host: 'a', pid: 1, node: '20', now: 5, health };
  const report = read({
    ...about,
    eventLoop: { blockedMs: 0, longestBlockMs: 0 },
    processors: [processor.stats()],
  });
  t.true(isPageReport(report));
  t.is(namedProcessors(report.processors)[0]?.label, 'spec');
  for (const other of [
    undefined,
    null,
    1,
    'text',
    [],
    {},
    { now: 1, health, processors: {} },
    { processors: [], health },
  ])
    t.false(isPageReport(other));
});

test('a rate is that of the last seconds, and begins anew when a counter goes back', (t) => {
  const window = new CounterWindow(5000);
  t.is(window.rate, null);
  window.add(0, 0);
  t.is(window.rate, null);
  for (let second = 1; second <= 10; second++) window.add(second * 1000, second * 300);
  t.is(window.rate, 300);
  // Batches of 5000 every fifth second: always 1000 a second, never 0 or 5000.
  for (let second = 11; second <= 30; second++) {
    window.add(second * 1000, 3000 + Math.floor((second - 10) / 5) * 5000);
    if (second >= 20) t.is(window.rate, 1000);
  }
  window.add(31_000, 40);
  t.is(window.rate, null);
  window.add(31_000, 45);
  t.is(window.rate, null);
  window.add(33_000, 105);
  t.is(window.rate, 30);
});

test('the history of all is the sum of rates, so that a worker that comes or restarts makes no peak', (t) => {
  const stats = fabricated(
    { worker: 1, rate: 1000, arriving: 1000 },
    { worker: 2, rate: 3000, arriving: 3000 },
  );
  const history = new StatsHistory();
  const add = (second: number, left = 0) => {
    stats.advance(1000);
    const { now, processors } = stats.report();
    history.add(second, now, namedProcessors(processors.slice(left)));
  };
  const last = () => history.points(allKey).at(-1);
  for (let second = 0; second < 10; second++) add(second, 1);
  const alone = last()?.consumed ?? 0;
  add(10);
  t.true(Math.abs((last()?.consumed ?? 0) - alone) < 1000, `${last()?.consumed}, after ${alone}`);
  for (let second = 11; second < 20; second++) add(second);
  const [one, two] = namedProcessors(stats.report().processors).map(({ key }) => history.points(key).at(-1));
  t.is(last()?.consumed, (one?.consumed ?? 0) + (two?.consumed ?? 0));
  t.is(last()?.lag, (one?.lag ?? 0) + (two?.lag ?? 0));
  t.is(last()?.largestLag, Math.max(one?.largestLag ?? 0, two?.largestLag ?? 0));
});

test('after a restart rates begin anew, and the lines have a gap', (t) => {
  const stats = fabricated({});
  const history = new StatsHistory();
  const add = (second: number) => {
    stats.advance(1000);
    const { now, processors } = stats.report();
    history.add(second, now, namedProcessors(processors));
  };
  for (let second = 0; second < 8; second++) add(second);
  stats.restart(9);
  history.cut(8);
  add(8);
  add(9);
  const points = history.points(allKey).slice(-3);
  t.deepEqual(
    points.map(({ lag, consumed }) => [lag === null, consumed === null]),
    [
      [true, true],
      [false, true],
      [false, false],
    ],
  );
  const times = history.points(allKey).map(({ at }) => at);
  t.deepEqual(
    times,
    [...new Set(times)].toSorted((a, b) => a - b),
  );
});

test('ten minutes are kept', (t) => {
  const history = new StatsHistory();
  const processors = namedProcessors(fabricated({ partitions: 1 }).report().processors);
  for (let second = 0; second < 1000; second++) history.add(second, start + second * 1000, processors);
  t.is(history.points(allKey).length, 601);
  t.is(history.lagChange(allKey), 0);
});

test('batch times are means over the batches that ended since the report before', (t) => {
  const [base] = fabricated({ partitions: 3 }).report().processors;
  if (base === undefined) throw new Error('fabricated');
  const batch = { records: 1, trigger: 'count', produceMs: 2, storeMs: 3 };
  const report = (...ended: readonly [endedAt: number, processMs: number, commitMs: number | null][]) =>
    namedProcessors([
      {
        ...base,
        partitionProcessors: ended.map(([endedAt, processMs, commitMs], partition) => ({
          partition,
          step: 'idle',
          lastBatch: { ...batch, endedAt, processMs, commitMs },
        })),
      },
    ]);
  const history = new StatsHistory();
  const times = () => {
    const { process, produce, store, commit } = history.points(allKey).at(-1) ?? {};
    return [process, produce, store, commit];
  };
  history.add(1, 1000, report([900, 10, 4], [950, 20, null]));
  t.deepEqual(times(), [15, 2, 3, 4]);
  history.add(2, 2000, report([900, 10, 4], [1950, 50, 6]));
  t.deepEqual(times(), [50, 2, 3, 6]);
  history.add(3, 3000, report([900, 10, 4], [1950, 50, 6]));
  t.deepEqual(times(), [null, null, null, null]);
});

test('processors have keys of their own, and labels as short as they can be', (t) => {
  const labels = (...processors: Partial<FabricatedProcessor>[]) =>
    namedProcessors(fabricated(...processors).report().processors).map(({ label }) => label);
  t.deepEqual(labels({ name: 'a' }), ['a']);
  t.deepEqual(labels({ name: 'a' }, { name: 'b' }), ['a', 'b']);
  t.deepEqual(labels({ name: 'a', worker: 1 }, { name: 'a', worker: 2 }), ['worker 1', 'worker 2']);
  t.deepEqual(labels({ name: 'a', worker: 1 }, { name: 'b', worker: 1 }), ['a · worker 1', 'b · worker 1']);
  t.deepEqual(labels({ name: 'a' }, { name: 'a' }), ['a', 'a #2']);
});

test('the state of all is the worst one of each', (t) => {
  const word = (healthy: boolean, ready: boolean, ...states: FabricatedProcessor['state'][]) => {
    const stats = fabricated(...states.map((state) => ({ state })));
    stats.health = { healthy, degraded: false, ready, problems: [] };
    return overallState(stats.report()).word;
  };
  t.is(word(true, true, 'running'), 'running');
  t.is(word(true, false, 'running'), 'not ready');
  t.is(word(false, true, 'running'), 'unhealthy');
  t.is(word(true, false, 'running', 'starting'), 'starting');
  t.is(word(false, false, 'running', 'failed'), 'failed');
  t.is(word(true, false, 'closed'), 'closed');
  t.is(word(true, false), 'waiting');
});

test('rows are sorted by any column, those without a value last, and found by words', (t) => {
  const stats = fabricated({ topics: ['b', 'a'], partitions: 12 });
  stats.advance(1000);
  const report = stats.report();
  const rows = new PartitionRows().add(report.now, namedProcessors(report.processors));
  const order = (column: string, descending: boolean) =>
    sortRows(rows, { column, descending }).map(({ topic, partition }) => `${topic}/${partition}`);
  t.deepEqual(order('topic', false).slice(0, 3), ['a/0', 'a/1', 'a/2']);
  t.deepEqual(order('partition', true).slice(0, 3), ['a/11', 'b/11', 'a/10']);
  const lags = sortRows(rows, { column: 'lag', descending: true }).map(({ lag }) => lag);
  t.deepEqual(
    lags,
    lags.toSorted((a, b) => b - a),
  );
  for (const descending of [true, false]) {
    const commits = sortRows(rows, { column: 'commit', descending }).map(
      ({ batch }) => batch?.commitMs ?? null,
    );
    const known = commits.filter((ms) => ms !== null);
    t.true(known.length > 0 && known.length < commits.length);
    t.deepEqual(commits.slice(0, known.length), known);
  }
  const found = (filter: string) => rows.filter((row) => matches(row, filter)).length;
  t.is(found('a/7'), 1);
  t.is(found('A 11'), 1);
  t.is(found('orders-by-customer'), 24);
  t.is(found('nothing'), 0);
});

test('the step of a partition also says that its buffer is full, and that an open transaction holds it back', (t) => {
  const { now, processors } = fabricated({ partitions: 1 }).report();
  const [row] = new PartitionRows().add(now, namedProcessors(processors));
  const text = partitionColumns.find(({ id }) => id === 'step')?.text;
  const shown = (more: Partial<PartitionRow>) =>
    row && text?.({ ...row, step: 'idle', paused: false, ...more });
  const heldBack = { ms: 60_000, offset: 7 };
  t.is(shown({}), 'idle');
  t.is(shown({ heldBack }), 'idle, held back');
  t.is(shown({ paused: true, heldBack }), 'idle, full, held back');
});

test('figures are as people write them', (t) => {
  t.deepEqual([null, 0, 0.01, 0.25, 9.96, 1234567].map(count), ['–', '0', '< 0.1', '0.3', '10', '1,234,567']);
  t.deepEqual([9_999_999, 12_345_678, 2.5e9].map(largeCount), ['9,999,999', '12.35M', '2.5B']);
  t.deepEqual([0, 0.25, 1500, 2e6].map(shortCount), ['0', '0.25', '1.5K', '2M']);
  t.deepEqual([0, 512, 1024, 40_370_176, 2 ** 40].map(bytes), [
    '0 B',
    '512 B',
    '1.0 KiB',
    '38.5 MiB',
    '1.0 TiB',
  ]);
  t.deepEqual([null, 0, 0.42, 38.4, 999.7, 1250, 59_999, 125_000].map(stepTime), [
    '–',
    '0 ms',
    '0.4 ms',
    '38 ms',
    '1.00 s',
    '1.25 s',
    '59 s',
    '2 min 5 s',
  ]);
  t.deepEqual([0, 12_000, 252_000, 3_600_000, 183_600_000].map(duration), [
    '0 s',
    '12 s',
    '4 min 12 s',
    '1 h',
    '2 d 3 h',
  ]);
  t.deepEqual([0, 95_000, 750_000, 20_000_000, 9e8].map(age), [
    'now',
    '95 s ago',
    '12 min ago',
    '5 h ago',
    '10 d ago',
  ]);
  const noon = new Date(2026, 10, 28, 12, 3, 5).getTime();
  t.is(dayTime(noon, noon + 1000), '12:03:05');
  t.is(dayTime(noon, noon + 86_400_000), '2026-11-28 12:03:05');
  t.deepEqual([0, 1, 99, 100, 999_999, 5e6].map(lagStep), [0, 1, 1, 2, 5, 6]);
});
