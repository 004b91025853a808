import test from 'ava';
import { ConfigError, KasperError, LifecycleError, OffsetOutOfRangeError } from '../source/kernel/errors.ts';
import { fromMap } from '../source/message-processors.ts';
import type { BatchReport } from '../source/batch-report.ts';
import { MapStore } from '../stores/map-store.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

test('a bounded run processes all that is there, commits it, and tells what it did', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 25);
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, (messages, sender) => {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    }),
  );
  const summary = await processor.runToEnd();
  t.deepEqual(
    batches.map(({ trigger, values }) => [trigger, values.length]),
    [
      ['count', 10],
      ['count', 10],
      ['end', 5],
    ],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 25);
  t.is(kafka.values('out').length, 25);
  t.deepEqual(summary, {
    records: 25,
    batches: 3,
    sent: 25,
    durationMs: 0,
    partitions: [{ topic: 'in', partition: 0, start: 0, end: 25 }],
    openTransactions: [],
  });
  t.true(Object.isFrozen(summary) && Object.isFrozen(summary.partitions[0]));
  t.is(processor.state, 'closed');
});

test('a run without end goes on with what is written, until it is closed', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.fill('in', 0, 12);
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ values }) => values.length),
    [10, 10],
  );
  await clock.advance(1000);
  t.deepEqual(batches.at(-1), { partition: 0, trigger: 'age', values: ['in20', 'in21'] });
  t.is(await stateOf(run), 'pending');
  await processor.close();
  t.is((await run).records, 22);
  t.is(kafka.committed(GROUP, 'in', 0), 22);
});

// Topics joined by partition.

test('all input topics of a partition reach the same processor, in order of arrival', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('a', 2).createTopic('b', 2);
  for (const partition of [0, 1]) kafka.fill('a', partition, 3).fill('b', partition, 2);
  const seen: Record<number, string[]> = { 0: [], 1: [] };
  const of = (own: number) => ({
    process: (
      messages: readonly { topic: string; partition: number; offset: number }[],
      _s: unknown,
      context: { partition: number },
    ) => {
      t.is(context.partition, own);
      for (const { topic, partition, offset } of messages) seen[own]?.push(`${topic}/${partition} ${offset}`);
    },
  });
  const summary = await make(fromMap({ 0: of(0), 1: of(1) }), {
    inputTopics: ['a', 'b'],
    inputPartitions: [0, 1],
  }).runToEnd();
  for (const partition of [0, 1]) {
    t.deepEqual(seen[partition]?.toSorted(), [
      ...[0, 1, 2].map((offset) => `a/${partition} ${offset}`),
      ...[0, 1].map((offset) => `b/${partition} ${offset}`),
    ]);
    t.is(kafka.committed(GROUP, 'a', partition), 3);
    t.is(kafka.committed(GROUP, 'b', partition), 2);
  }
  t.is(summary.partitions.length, 4);
});

const unfit: readonly (readonly [
  title: string,
  topics: Readonly<Record<string, number>>,
  inputTopics: string[],
  inputPartitions: number[],
  error: string,
])[] = [
  [
    'partition counts that differ',
    { a: 3, b: 4 },
    ['a', 'b'],
    [0],
    'inputTopics: topics that are joined by partition must have equal partition counts, but a has 3, b has 4; make the topic anew with the same count, or run a processor for each',
  ],
  [
    'a topic that does not exist',
    { a: 3 },
    ['a', 'b', 'c'],
    [0],
    "inputTopics: 'b', 'c' not found: create the topic, or check its name and the brokers' addresses",
  ],
  [
    'a partition that the topics do not have',
    { a: 3, b: 3 },
    ['a', 'b'],
    [2, 3, 7],
    'inputPartitions: partition 3, 7 does not exist: a has 3, b has 3 partitions, numbered from 0 to 2',
  ],
];
for (const [title, topics, inputTopics, inputPartitions, message] of unfit) {
  test(`${title}: the run fails before anything is read or committed, and the error shows the counts`, async (t) => {
    const { kafka, make } = fixture(t);
    for (const [topic, count] of Object.entries(topics)) kafka.createTopic(topic, count);
    const processor = make(noting([]), { inputTopics, inputPartitions });
    await t.throwsAsync(processor.runLoop(), { instanceOf: ConfigError, message });
    t.is(processor.state, 'failed');
    t.deepEqual(kafka.order('fetch', 'commit', 'close'), ['close']);
    await t.throwsAsync(processor.hasConsumedAllMessages(), { instanceOf: LifecycleError });
  });
}

// Where it starts.

test('without a committed offset it starts at the earliest one, commits that before the first fetch, and says so', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 5).fill('in', 1, 5).deleteBefore('in', 1, 3);
  const summary = await make(noting([]), { inputPartitions: [0, 1] }).runToEnd();
  t.deepEqual(
    summary.partitions.map(({ start, end }) => [start, end]),
    [
      [0, 5],
      [3, 5],
    ],
  );
  const [first] = kafka.order('commit', 'fetch');
  t.is(first, 'commit');
  const started = kafka.calls.findIndex(({ name }) => name === 'startSource');
  const stored = kafka.calls
    .slice(0, started)
    .filter(({ name }) => name === 'committed')
    .flatMap(({ offsets }) => offsets ?? []);
  t.deepEqual(stored, [
    { topic: 'in', partition: 0, offset: 0 },
    { topic: 'in', partition: 1, offset: 3 },
  ]);
  t.deepEqual(
    log.lines
      .filter(({ level, message }) => level === 'info' && !message.startsWith('Run '))
      .map(({ message, fields }) => [message, fields]),
    [["No committed offset; starting at 'earliest'", { partitions: ['in/0 at 0', 'in/1 at 3'] }]],
  );
});

test("with initialOffset 'latest' it starts at the end that the isolation sees", async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 5).beginTransaction('in', 0).fill('in', 0, 2);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { initialOffset: 'latest' });
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  kafka.endTransaction('in', 0);
  await clock.advance(1000);
  t.deepEqual(
    batches.map(({ values }) => values),
    [['in5', 'in6']],
  );
  await processor.close();
  await run;
});

test('it goes on from the committed offset, and commits nothing before it is done', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 15).setCommitted(GROUP, 'in', 0, 12);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches)).runToEnd();
  t.deepEqual(
    batches.map(({ values }) => values),
    [['in12', 'in13', 'in14']],
  );
  t.deepEqual(summary.partitions, [{ topic: 'in', partition: 0, start: 12, end: 15 }]);
  t.is(kafka.callsOf('commit').length, 1);
});

test('a committed offset that is not in the log fails the run with both ends, unless told otherwise', async (t) => {
  for (const [committed, text] of [
    [
      2,
      /Offset 2 of in\/0 is not in the log, which holds 5 to 9: 3 records before 5 were deleted before they were read/,
    ],
    [12, /Offset 12 of in\/0 is not in the log, which holds 5 to 9: the topic was truncated or recreated/],
  ] as const) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 9).deleteBefore('in', 0, 5).setCommitted(GROUP, 'in', 0, committed);
    const error = await t.throwsAsync(make(noting([])).runToEnd(), {
      instanceOf: OffsetOutOfRangeError,
      message: text,
    });
    t.like(error, { topic: 'in', partition: 0, offset: committed, earliest: 5, latest: 9 });
    t.is(kafka.committed(GROUP, 'in', 0), committed, 'and leaves it as it is');
  }
});

for (const [policy, start] of [
  ['earliest', 5],
  ['latest', 9],
] as const) {
  test(`onOffsetOutOfRange '${policy}' starts there, commits it first, and warns`, async (t) => {
    const { kafka, make, log } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 9).deleteBefore('in', 0, 5).setCommitted(GROUP, 'in', 0, 20);
    const batches: SeenBatch[] = [];
    const summary = await make(noting(batches), { onOffsetOutOfRange: policy }).runToEnd();
    t.is(summary.partitions[0]?.start, start);
    t.is(batches.flatMap(({ values }) => values).length, 9 - start);
    t.deepEqual(kafka.callsOf('committed')[0]?.offsets, [{ topic: 'in', partition: 0, offset: start }]);
    t.is(kafka.committed(GROUP, 'in', 0), 9);
    t.deepEqual(log.messages('warn'), [`Committed offset out of range; continuing at '${policy}'`]);
  });
}

// The end of a bounded run.

test('a bounded run of empty topics ends at once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2);
  const summary = await make(noting([]), { inputPartitions: [0, 1] }).runToEnd();
  t.like(summary, { records: 0, batches: 0 });
  t.is(kafka.committed(GROUP, 'in', 1), 0);
});

test('a bounded run that is caught up ends at once, and commits nothing', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 5).setCommitted(GROUP, 'in', 0, 5);
  const summary = await make(noting([])).runToEnd();
  t.deepEqual(summary.partitions, [{ topic: 'in', partition: 0, start: 5, end: 5 }]);
  t.deepEqual(kafka.order('commit'), []);
});

test('records that are written while a bounded run is under way are left for the next one', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 7 });
  kafka.createTopic('in').fill('in', 0, 12);
  const batches: SeenBatch[] = [];
  const summary = await make(
    noting(batches, () => {
      kafka.fill('in', 0, 5);
    }),
  ).runToEnd();
  t.is(summary.records, 12);
  t.is(kafka.committed(GROUP, 'in', 0), 12);
  t.deepEqual(batches.flatMap(({ values }) => values).at(-1), 'in11');
});

test('of a chunk that reaches past the end of a bounded run only what is before it is delivered', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 7);
  const gate = kafka.hold('fetch');
  const batches: SeenBatch[] = [];
  const run = make(noting(batches)).runToEnd();
  await kafka.quiet();
  kafka.fill('in', 0, 20);
  gate.open();
  t.is((await run).records, 7);
  t.deepEqual(
    batches.map(({ values }) => values.at(-1)),
    ['in6'],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 7);
});

test('a bounded run commits past a tail without records, and ends there', async (t) => {
  for (const commit of ['pipelined', 'each'] as const) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 4).appendGap('in', 0, 3);
    const summary = await make(noting([]), { commit }).runToEnd();
    t.is(summary.partitions[0]?.end, 7, commit);
    t.is(kafka.committed(GROUP, 'in', 0), 7, commit);
  }
});

test('a topic that holds nothing but markers is consumed without calling process', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').appendGap('in', 0, 8);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches)).runToEnd();
  t.deepEqual(batches, []);
  t.is(summary.partitions[0]?.end, 8);
  t.is(kafka.committed(GROUP, 'in', 0), 8);
});

test("gaps in the log are passed, and offsets are the log's", async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 2 });
  kafka
    .createTopic('in')
    .appendGap('in', 0, 2)
    .fill('in', 0, 3)
    .appendGap('in', 0, 4)
    .fill('in', 0, 1)
    .appendGap('in', 0, 1);
  const offsets: number[] = [];
  await make({
    process: (messages) => void offsets.push(...messages.map(({ offset }) => offset)),
  }).runToEnd();
  t.deepEqual(offsets, [2, 3, 4, 9]);
  t.is(kafka.committed(GROUP, 'in', 0), 11);
});

test('the markers of one topic and the records of another move on independently', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 3 });
  kafka.createTopic('a').createTopic('b').fill('a', 0, 12).appendGap('b', 0, 9);
  const summary = await make(noting([]), { inputTopics: ['a', 'b'] }).runToEnd();
  t.deepEqual(
    summary.partitions.map(({ end }) => end),
    [12, 9],
  );
  t.is(kafka.committed(GROUP, 'b', 0), 9);
});

test('a record-less tail that arrives while a commit is awaited is committed too', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 4).appendGap('in', 0, 3);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 4);
  const fetches = kafka.hold('fetch', ({ offset }) => offset === 4);
  const run = make(noting([]), { batchSize: 4, commit: 'each' }).runToEnd();
  await kafka.quiet();
  t.is(gate.waiting.length, 1);
  fetches.open();
  await kafka.quiet();
  gate.open();
  const summary = await run;
  t.is(summary.partitions[0]?.end, 7);
  t.is(kafka.committed(GROUP, 'in', 0), 7);
});

test('an open transaction holds the end of a bounded run back, and is named', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 4).beginTransaction('in', 0).fill('in', 0, 3);
  const summary = await make(noting([])).runToEnd();
  t.is(summary.records, 4);
  t.deepEqual(summary.openTransactions, [{ topic: 'in', partition: 0, end: 4, highWatermark: 7 }]);
  t.deepEqual(log.messages('warn'), ['An open transaction holds back the end of this run']);
});

test('read_uncommitted reads what open transactions have written', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 4).beginTransaction('in', 0).fill('in', 0, 3);
  const summary = await make(noting([]), { isolation: 'read_uncommitted' }).runToEnd();
  t.is(summary.records, 7);
  t.deepEqual(summary.openTransactions, []);
});

test('a partition at its end is not fetched any more while others are', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in', 2).fill('in', 0, 5).fill('in', 1, 40);
  await make(
    noting([], () => {
      kafka.fill('in', 0, 1);
    }),
    { inputPartitions: [0, 1] },
  ).runToEnd();
  t.deepEqual(
    kafka
      .callsOf('fetch')
      .filter(({ partition }) => partition === 0)
      .map(({ offset }) => offset),
    [0],
  );
});

test('a log that ends before the end that was to be reached fails the run instead of waiting', async (t) => {
  const { kafka, make, outcome } = fixture(t, { chunkRecords: 3 });
  kafka.createTopic('in').fill('in', 0, 9);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 3);
  const run = outcome(make(noting([]), { batchSize: 3 }).runToEnd());
  await kafka.quiet();
  kafka.truncate('in', 0, 3);
  gate.open();
  const { error } = await run;
  t.true(error instanceof OffsetOutOfRangeError, String(error));
  t.regex(
    String(error),
    /in\/0 was to be processed up to offset 9, but now ends at 3: the topic was truncated or recreated while it was read/,
  );
  t.is(kafka.committed(GROUP, 'in', 0), 3);
});

test('a leader that for a moment knows of fewer records is asked again before a bounded run fails', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 3 });
  kafka.createTopic('in').fill('in', 0, 6);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 3);
  const asked = kafka.hold('listOffsets', () => kafka.callsOf('startSource').length > 0);
  const run = make(noting([]), { batchSize: 3 }).runToEnd();
  await kafka.quiet();
  kafka.truncate('in', 0, 3);
  gate.open();
  await kafka.quiet();
  t.is(asked.waiting.length, 2);
  kafka.fill('in', 0, 3);
  asked.open();
  t.is((await run).records, 6);
});

// hasConsumedAllMessages, stats, events.

test('hasConsumedAllMessages may be asked before a run, and is true for empty topics and caught-up restarts', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('empty').fill('in', 0, 5);
  t.true(await make(noting([]), { inputTopics: ['empty'] }).hasConsumedAllMessages());
  t.false(await make(noting([])).hasConsumedAllMessages());
  t.true(await make(noting([]), { initialOffset: 'latest' }).hasConsumedAllMessages());
  kafka.setCommitted(GROUP, 'in', 0, 4);
  t.false(await make(noting([])).hasConsumedAllMessages());
  kafka.setCommitted(GROUP, 'in', 0, 5);
  const processor = make(noting([]));
  t.true(await processor.hasConsumedAllMessages());
  t.deepEqual(kafka.order('commit'), [], 'and commits nothing');
  await t.notThrowsAsync(processor.runToEnd());
});

test('hasConsumedAllMessages counts deleted records as consumed where it starts at the earliest', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 5).deleteBefore('in', 0, 5);
  t.true(await make(noting([])).hasConsumedAllMessages());
});

test('hasConsumedAllMessages sees what the isolation sees', async (t) => {
  const { kafka, make } = fixture(t);
  kafka
    .createTopic('in')
    .fill('in', 0, 5)
    .setCommitted(GROUP, 'in', 0, 5)
    .beginTransaction('in', 0)
    .fill('in', 0, 1);
  t.true(await make(noting([])).hasConsumedAllMessages());
  t.false(await make(noting([]), { isolation: 'read_uncommitted' }).hasConsumedAllMessages());
});

test('hasConsumedAllMessages during a run waits for acked commits, not for process', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(batches.length, 1);
  t.false(await processor.hasConsumedAllMessages());
  gate.open();
  await kafka.quiet();
  t.true(await processor.hasConsumedAllMessages());
  kafka.fill('in', 0, 1);
  t.false(await processor.hasConsumedAllMessages());
  await processor.close();
  await run;
  await t.throwsAsync(processor.hasConsumedAllMessages(), {
    instanceOf: LifecycleError,
    message: /that is 'closed'/,
  });
});

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

test('init and onAssigned come before the first fetch, onRevoked and close after the last commit, each once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 2).fill('in', 2, 1);
  const store = new MapStore();
  const of = (name: string) => ({
    init: ({ stores }: { stores: Record<string, unknown> }) => {
      t.is(stores['s'], store);
      kafka.note(`${name} init`);
    },
    onAssigned: (partitions: readonly { partition: number }[]) => {
      kafka.note(`${name} assigned ${partitions.map(({ partition }) => partition).join()}`);
    },
    onRevoked: (partitions: readonly { partition: number }[]) => {
      kafka.note(`${name} revoked ${partitions.map(({ partition }) => partition).join()}`);
    },
    close: () => {
      kafka.note(`${name} close`);
    },
    process: () => undefined,
  });
  const [a, b] = [of('a'), of('b')];
  await make((partition) => (partition === 1 ? b : a), {
    inputPartitions: [0, 1, 2],
    stores: { s: store },
  }).runToEnd();
  const names = kafka.calls
    .map(({ name }) => name)
    .filter((name) => /^[ab] |startSource|^committed|^close/.test(name));
  const from = names.indexOf('a init');
  t.deepEqual(names.slice(from, from + 5), [
    'a init',
    'a assigned 0,2',
    'b init',
    'b assigned 1',
    'startSource',
  ]);
  t.deepEqual(names.slice(names.lastIndexOf('committed') + 1), [
    'closeSink',
    'a revoked 0,2',
    'b revoked 1',
    'a close',
    'b close',
    'close',
  ]);
});

test('one TopicProcessor runs once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const processor = make(noting([]));
  const run = processor.runToEnd();
  await t.throwsAsync(processor.runLoop(), {
    instanceOf: LifecycleError,
    message: /^runLoop\(\) was called on a TopicProcessor that is 'starting'/,
  });
  t.is((await run).records, 3, 'and the run goes on');
  await t.throwsAsync(processor.runToEnd(), {
    instanceOf: LifecycleError,
    message: /^runToEnd\(\) .* 'closed': one runs once/,
  });
});
