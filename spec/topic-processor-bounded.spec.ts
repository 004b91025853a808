import test from 'ava';
import { LifecycleError, OffsetOutOfRangeError } from '../source/kernel/errors.ts';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/fakes/processor-run.ts';

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
