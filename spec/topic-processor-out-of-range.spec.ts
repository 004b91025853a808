import test from 'ava';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/fakes/processor-run.ts';

// Out of range while running.

test("out of range while it runs: with 'fail' the run ends with both ends in the error", async (t) => {
  const { kafka, make, outcome } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 20);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 10);
  const result = outcome(make(noting([])).runLoop());
  await kafka.quiet();
  kafka.deleteBefore('in', 0, 15);
  gate.open();
  const { error } = await result;
  t.regex(
    String(error),
    /Offset 10 of in\/0 is not in the log, which holds 15 to 20: 5 records before 15 were deleted/,
  );
  t.is(kafka.committed(GROUP, 'in', 0), 10, 'what was read before is done');
});

test('out of range forwards commits nothing past messages that are still to be done', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 30);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 15);
  let letGo: (() => void) | undefined;
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () =>
      batches.length === 1 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined,
    ),
    { onOffsetOutOfRange: 'earliest' },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.deleteBefore('in', 0, 25);
  gate.open();
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ values }) => values.length),
    [10],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 0, 'ten are in process, five wait');
  letGo?.();
  await kafka.quiet();
  t.deepEqual(batches[1]?.values, [
    'in10',
    'in11',
    'in12',
    'in13',
    'in14',
    'in25',
    'in26',
    'in27',
    'in28',
    'in29',
  ]);
  t.is(kafka.committed(GROUP, 'in', 0), 30);
  await processor.close();
  await run;
});

test('out of range forwards with nothing left to do commits the new position at once', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 10);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 5);
  const processor = make(noting([]), { onOffsetOutOfRange: 'earliest', batchSize: 5 });
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  kafka.deleteBefore('in', 0, 10);
  gate.open();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  t.is(processor.stats().partitions[0]?.position, 10);
  await processor.close();
  await run;
});

test('out of range backwards drops what waits, commits the new position, and goes on from it', async (t) => {
  const { kafka, make, log } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 20);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 15);
  let letGo: (() => void) | undefined;
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () =>
      batches.length === 1 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined,
    ),
    { onOffsetOutOfRange: 'earliest', batchWaitMs: 0 },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(batches[0]?.values.length, 5, 'five in hand, ten wait');
  kafka.truncate('in', 0, 0).append('in', 0, 'new0', 'new1', 'new2');
  gate.open();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  letGo?.();
  await kafka.quiet();
  t.deepEqual(
    batches.slice(1).flatMap(({ values }) => values),
    ['new0', 'new1', 'new2'],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 3);
  t.false(
    kafka.callsOf('committed').some(({ offsets }) => (offsets?.[0]?.offset ?? 0) > 3),
    'never what the batch in hand had',
  );
  t.deepEqual(log.messages('warn'), ["Offset out of range; continuing at 'earliest'"]);
  await processor.close();
  await run;
});

test('out of range in one topic leaves the others of its partition as they are', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('a').createTopic('b').fill('a', 0, 10).fill('b', 0, 3);
  const gate = kafka.hold('fetch', ({ topic, offset }) => topic === 'a' && offset === 5);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), {
    inputTopics: ['a', 'b'],
    onOffsetOutOfRange: 'earliest',
    batchSize: 100,
  });
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.truncate('a', 0, 2);
  gate.open();
  await kafka.quiet();
  t.is(processor.stats().buffered, 5, 'three of b, two of a again');
  t.is(kafka.committed(GROUP, 'a', 0), 0);
  await processor.close();
  await run;
});

test('a bounded run whose position is reset past its end is at its end', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 10);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 5);
  const run = make(noting([]), { onOffsetOutOfRange: 'earliest' }).runToEnd();
  await kafka.quiet();
  kafka.fill('in', 0, 10).deleteBefore('in', 0, 20);
  gate.open();
  const summary = await run;
  t.is(summary.records, 5);
  t.is(kafka.committed(GROUP, 'in', 0), 20);
});

test('a bounded run that was reset to a log that is too short fails instead of waiting', async (t) => {
  const { kafka, make, outcome } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 10);
  const gate = kafka.hold('fetch', ({ offset }) => offset === 5);
  const result = outcome(make(noting([]), { onOffsetOutOfRange: 'latest' }).runToEnd());
  await kafka.quiet();
  kafka.truncate('in', 0, 2);
  gate.open();
  t.regex(String((await result).error), /was to be processed up to offset 10, but now ends at 2/);
});
