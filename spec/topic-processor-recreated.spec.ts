import test from 'ava';
import { OffsetOutOfRangeError, ProcessError, TimeoutError } from '../source/kernel/errors.ts';
import { deferred } from './_helpers/deferred.ts';
import { fixture, GROUP, noting, type SeenBatch, valuesOf } from './_helpers/fakes/processor-run.ts';

// A topic that is recreated while something else is on its way.

test('what had been moved past in a topic before it was recreated is not committed in the new one', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const first = deferred();
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () => (batches.length === 1 ? first.promise : undefined)),
    { onOffsetOutOfRange: 'earliest' },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  // Behind the batch in process: a position without messages.
  kafka.appendGap('in', 0, 5);
  await kafka.quiet();
  t.is(processor.stats().partitions[0]?.position, 15);
  kafka.recreate('in').fill('in', 0, 3);
  await kafka.quiet();
  first.resolve();
  await clock.advance(5000);
  t.deepEqual(
    batches.slice(1).map(({ values }) => values),
    [['in0', 'in1', 'in2']],
  );
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 0, 3],
  );
  await processor.close();
  await run;
});

test('while it is asked where a recreated topic is read on, nothing that comes is processed', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { onOffsetOutOfRange: 'earliest', offsetRefreshMs: 5000 });
  const run = processor.runLoop();
  await kafka.quiet();
  const fetches = kafka.hold('fetch');
  const questions = kafka.hold('listOffsets');
  kafka.recreate('in').fill('in', 0, 30);
  await clock.advance(5000);
  t.true(questions.waiting.length > 0);
  // The source has not learnt the new id yet, and the offset is in the new log, too.
  kafka.tellsTopicIds = false;
  fetches.open();
  await clock.advance(3000);
  t.is(batches.length, 1);
  kafka.tellsTopicIds = true;
  questions.open();
  await clock.advance(5000);
  t.deepEqual(
    valuesOf(batches.slice(1)),
    Array.from({ length: 30 }, (_none, at) => `in${at}`),
  );
  t.is(kafka.committed(GROUP, 'in', 0), 30);
  await processor.close();
  await run;
});

test('a recreated topic is asked about once, and reported once, however often it is noticed', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 10);
  const run = outcome(make(noting([]), { offsetRefreshMs: 5000 }).runLoop());
  await kafka.quiet();
  const questions = kafka.hold('listOffsets');
  kafka.recreate('in').fill('in', 0, 30);
  // It is noticed by each chunk.
  await kafka.quiet();
  t.is(questions.waiting.length, 2, 'one for each end');
  questions.open();
  await clock.advance(1000);
  const { error } = await run;
  t.true(error instanceof OffsetOutOfRangeError, String(error));
  t.deepEqual((error as OffsetOutOfRangeError).suppressed, []);
});

// The claims tell in which topic an offset was committed.

const withClaims = { claims: true, onOffsetOutOfRange: 'earliest' } as const;

for (const [why, meanwhile] of [
  ['its last batch failed', 'fail'],
  ['the claims could not be read', 'lose the claims'],
] as const) {
  test(`a recreated topic in which nothing could be committed, since ${why}, is noticed at the next start`, async (t) => {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 20);
    const second = deferred();
    const batches: SeenBatch[] = [];
    const processor = make(
      noting(batches, () => (batches.length === 2 ? second.promise : undefined)),
      withClaims,
    );
    const run = outcome(processor.runLoop());
    await clock.advance(2000);
    t.is(kafka.committed(GROUP, 'in', 0), 10);
    // It has more records than were read: the offset lies within the new log, too.
    kafka.recreate('in').fill('in', 0, 30);
    await kafka.quiet();
    if (meanwhile === 'fail') second.reject(new Error('not today'));
    else {
      kafka.fail('fetchOffsets', new TimeoutError('no answer', { retriable: true }));
      await clock.advance(4000);
      second.resolve();
    }
    await clock.advance(10_000);
    const { error } = await run;
    if (meanwhile === 'fail') t.true(error instanceof ProcessError, String(error));
    else t.true(error instanceof TimeoutError, String(error));
    t.is(kafka.committed(GROUP, 'in', 0), 10);
    const later: SeenBatch[] = [];
    const next = outcome(make(noting(later), withClaims).runToEnd());
    await clock.advance(10_000);
    t.is((await next).summary?.records, 30);
    t.is(later[0]?.values[0], 'in0');
  });
}

test('a recreated topic whose offset is committed when the batch in process is done is the known one at the next start', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const first = deferred();
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () => (batches.length === 1 ? first.promise : undefined)),
    withClaims,
  );
  const run = outcome(processor.runLoop());
  await clock.advance(2000);
  kafka.recreate('in').fill('in', 0, 3);
  await clock.advance(1000);
  first.resolve();
  await clock.advance(5000);
  t.is(kafka.committed(GROUP, 'in', 0), 3);
  const closed = processor.close();
  await clock.advance(5000);
  await closed;
  t.true((await run).ok);
  const next = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(10_000);
  t.is((await next).summary?.records, 0);
});

test('a topic that was recreated before a start that is cut short, with its offset not committed, is noticed at the next one', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const first = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(10_000);
  t.is((await first).summary?.records, 10);
  kafka.recreate('in').fill('in', 0, 30);
  kafka.setCommitted(GROUP, 'in', 0, 10);
  const commits = kafka.hold('commit', ({ groupId }) => groupId === GROUP);
  const processor = make(noting([]), withClaims);
  const cut = outcome(processor.runLoop());
  await clock.advance(5000);
  t.is(commits.waiting.length, 1);
  const closed = processor.close();
  await clock.advance(5000);
  await closed;
  await cut;
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  const again = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(5000);
  commits.open();
  await clock.advance(10_000);
  t.is((await again).summary?.records, 30);
});
