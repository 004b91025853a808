import test from 'ava';
import { KasperError, LifecycleError } from '../source/kernel/errors.ts';
import type { BatchReport } from '../source/batch-report.ts';
import { MapStore } from '../stores/map-store.ts';
import { fixture, GROUP, noting } from './_helpers/fakes/processor-run.ts';

test('stats are a frozen snapshot that JSON can hold, before, during and after a run', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 14).appendGap('in', 0, 1);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.some(({ offset }) => offset === 10) === true);
  const processor = make(noting([]), { inputPartitions: [0, 1] });
  const check = () => {
    const stats = processor.stats();
    t.deepEqual(JSON.parse(JSON.stringify(stats)), stats);
    t.true(
      Object.isFrozen(stats) && Object.isFrozen(stats.partitions) && Object.isFrozen(stats.batchesByTrigger),
    );
    return stats;
  };
  t.like(check(), {
    topicProcessorName: 'spec',
    groupId: GROUP,
    state: 'new',
    records: 0,
    buffered: 0,
    partitions: [],
  });
  const run = processor.runLoop();
  await kafka.quiet();
  const during = check();
  t.like(during, { state: 'running', records: 0, batches: 0, buffered: 4, inHand: 0, sent: 0 });
  t.is(during.batchesByTrigger.count, 1);
  t.true(during.bufferedBytes > 0);
  t.deepEqual(during.partitions, [
    {
      topic: 'in',
      partition: 0,
      position: 15,
      committed: 0,
      highWatermark: 15,
      lag: 15,
      paused: false,
      records: 0,
      msSinceProgress: 0,
      heldBack: null,
    },
    {
      topic: 'in',
      partition: 1,
      position: 0,
      committed: 0,
      highWatermark: 0,
      lag: 0,
      paused: false,
      records: 0,
      msSinceProgress: 0,
      heldBack: null,
    },
  ]);
  gate.open();
  await kafka.quiet();
  t.is(check().partitions[0]?.lag, 5);
  t.is(during.records, 0, 'a snapshot stays as it was');
  await processor.close();
  await run;
  t.like(check(), { state: 'closed', records: 10, batches: 1, buffered: 0, bufferedBytes: 0, inHand: 0 });
});

test('lag counts what the isolation can see, from the start', async (t) => {
  const { kafka, make } = fixture(t);
  kafka
    .createTopic('in')
    .fill('in', 0, 5)
    .setCommitted(GROUP, 'in', 0, 5)
    .beginTransaction('in', 0)
    .fill('in', 0, 7);
  const never = kafka.hold('fetch');
  const processor = make(noting([]));
  const run = processor.runLoop();
  await kafka.quiet();
  t.like(processor.stats().partitions[0], { lag: 0, highWatermark: 12, committed: 5 });
  await processor.close();
  never.open();
  await run;
});

test('events tell the states, the start, and each step of a batch', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const processor = make(
    noting([], (messages, sender) => {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    }),
    { stores: { s: { store: new MapStore(), flush: true } } },
  );
  const states: string[] = [];
  const steps: BatchReport[] = [];
  const started: unknown[] = [];
  processor.on('state', ({ from, to }) => states.push(`${from} ${to}`));
  processor.on('batch', (report) => steps.push(report));
  processor.on('started', ({ partitions }) => started.push(...partitions));
  const off = processor.on('batch', () => {
    t.fail('a listener that was taken away is not called');
  });
  off();
  await processor.runToEnd();
  t.deepEqual(states, ['new starting', 'starting running', 'running closing', 'closing closed']);
  t.deepEqual(started, [{ topic: 'in', partition: 0, offset: 0 }]);
  t.deepEqual(
    steps.map(({ step, sent }) => [step, sent]),
    [
      ['processed', 0],
      ['flushed', 3],
      ['stored', 3],
      ['committed', 3],
    ],
  );
  t.like(steps[0], { partition: 0, trigger: 'end', records: 3 });
  t.deepEqual(steps[0]?.ranges, [{ topic: 'in', partition: 0, first: 0, last: 2, records: 3 }]);
});

test('what a listener or a MetricsProvider throws, also later, is logged and harms nothing', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const bad = () => {
    throw new Error('counting failed');
  };
  const child = { labels: () => ({ inc: bad, set: bad, observe: bad }) };
  const processor = make(noting([]), {
    metrics: {
      newCounter: () => child,
      newGauge: () => child,
      newSummary: () => child,
      newHistogram: () => child,
    },
  });
  const heard: string[] = [];
  processor.on('batch', () => {
    throw new Error('listener failed');
  });
  // Asynchronous though nobody waits for it, as users write them.
  const rejecting: () => unknown = () => Promise.reject(new Error('listener failed later'));
  processor.on('batch', rejecting);
  processor.on('batch', ({ step }) => heard.push(step));
  const summary = await processor.runToEnd();
  t.is(summary.records, 3);
  t.deepEqual(heard, ['processed', 'flushed', 'stored', 'committed']);
  t.deepEqual(
    log.messages('error').filter((message) => message.startsWith('A listener failed')),
    [
      ...Array<string>(6).fill('A listener failed'),
      ...Array<string>(2).fill('A listener failed … 1 more like this in the last 1 s'),
    ],
  );
  t.is(log.messages('error').filter((message) => message.startsWith('The MetricsProvider failed')).length, 1);
});

test('an error is told once, and only once, to its listeners', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const final = new LifecycleError('refused');
  kafka.intercept('commitOffset', ({ offset }) => {
    if (offset === 10) throw final;
  });
  const processor = make(noting([]), { commit: 'each' });
  const heard: unknown[] = [];
  processor.on('error', (error) => heard.push(error));
  const { error } = await outcome(processor.runLoop());
  t.deepEqual(heard, [error]);
  t.true(KasperError.is(error) && error.suppressed.length === 0);
});
