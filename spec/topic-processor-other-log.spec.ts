import test from 'ava';
import { makeConfig } from '../source/config/config.ts';
import { AssignmentError, ConnectionError, OffsetOutOfRangeError } from '../source/kernel/errors.ts';
import { assignedPartitions } from '../source/assignment/static/assigned-partitions.ts';
import type { TopicPartition } from '../source/kernel/topic-partition.ts';
import { planStart } from '../source/input/start-plan.ts';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/fakes/processor-run.ts';

// Offsets that lie in the log, while the log is not the one any more in which they were committed.

const policies = [
  ['earliest', 0],
  ['latest', 12],
] as const;

const cuts = [
  ['the epoch of the commit ends before the offset', 7],
  ['the leader knows no such epoch', 9],
] as const;

for (const [title, epoch] of cuts) {
  test(`truncated before the start, since ${title}: with 'fail' the run ends with both ends in the error`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 5).moveLeader('in', 0).fill('in', 0, 7);
    kafka.setCommitted(GROUP, 'in', 0, 8, epoch);
    const { error } = await outcome(make(noting([])).runToEnd());
    t.true(error instanceof OffsetOutOfRangeError);
    const { offset, earliest, latest, message } = error as OffsetOutOfRangeError;
    t.deepEqual([offset, earliest, latest], [8, 0, 12]);
    t.regex(message, /Offset 8 of in\/0 lies after records that a new leader does not have.*0 to 12/);
    t.is(kafka.committed(GROUP, 'in', 0), 8);
    t.deepEqual(kafka.callsOf('fetch'), []);
  });

  for (const [onOffsetOutOfRange, start] of policies) {
    test(`truncated before the start, since ${title}: with '${onOffsetOutOfRange}' it goes on there`, async (t) => {
      const { kafka, make, log } = fixture(t);
      kafka.createTopic('in').fill('in', 0, 5).moveLeader('in', 0).fill('in', 0, 7);
      kafka.setCommitted(GROUP, 'in', 0, 8, epoch);
      const summary = await make(noting([]), { onOffsetOutOfRange }).runToEnd();
      t.is(summary.records, 12 - start);
      t.is(kafka.callsOf('committed')[0]?.offsets?.[0]?.offset, start);
      t.regex(log.messages('warn').join(), /out of range; continuing at/);
    });
  }
}

test('a commit whose epoch reaches up to it, or that has none, is not truncated', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in', 3);
  for (const partition of [0, 1, 2])
    kafka.fill('in', partition, 5).moveLeader('in', partition).fill('in', partition, 5);
  kafka.setCommitted(GROUP, 'in', 0, 5, 7).setCommitted(GROUP, 'in', 1, 8, 8).setCommitted(GROUP, 'in', 2, 9);
  const summary = await make(noting([]), { inputPartitions: [0, 1, 2] }).runToEnd();
  t.is(summary.records, 5 + 2 + 1);
  t.deepEqual(
    kafka.callsOf('leaderEpochEnds').map(({ offsets }) => offsets?.map(({ partition }) => partition)),
    [[0, 1]],
  );
  t.deepEqual(log.messages('warn'), []);
});

test('brokers that do not tell the ends of epochs: one warning at the start', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 5).fill('in', 1, 5);
  kafka.setCommitted(GROUP, 'in', 0, 2, 99).setCommitted(GROUP, 'in', 1, 2, 99);
  kafka.servesEpochs = false;
  t.is((await make(noting([]), { inputPartitions: [0, 1] }).runToEnd()).records, 6);
  t.is(log.messages('warn').length, 1);
  t.regex(log.messages('warn')[0] ?? '', /do not serve OffsetForLeaderEpoch: it cannot be noticed when/);
});

test('offsets that were committed in a topic of another id are not used', async (t) => {
  const { kafka, log } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 50).fill('in', 1, 50);
  const client = kafka.client();
  const plan = async (onOffsetOutOfRange: 'fail' | 'earliest') => {
    const config = makeConfig({
      topicProcessorName: 'spec',
      client,
      inputTopics: ['in'],
      inputPartitions: [0, 1],
      onOffsetOutOfRange,
    });
    kafka.setCommitted(GROUP, 'in', 0, 20).setCommitted(GROUP, 'in', 1, 30);
    const topics = await client.describeTopics(['in']);
    const topicIdOf = ({ partition }: TopicPartition) =>
      partition === 0 ? 'an-older-id' : kafka.topicId('in');
    return planStart(
      { config, client, logger: log },
      { open: (partitions) => client.group(GROUP).fetch(partitions) },
      { partitions: assignedPartitions(config), isBounded: false, topics, topicIds: { topicIdOf } },
    );
  };
  const error = await t.throwsAsync(plan('fail'), { instanceOf: OffsetOutOfRangeError });
  t.regex(error.message, /Offset 20 of in\/0 belongs to a topic that was deleted and recreated/);
  t.deepEqual(
    (await plan('earliest')).map(({ offset, wasReset }) => [offset, wasReset]),
    [
      [0, true],
      [30, false],
    ],
  );
});

// While it runs.

for (const noticed of ['by what is fetched', 'at the next refresh'] as const) {
  test(`a recreated topic while it runs is noticed ${noticed}: with 'fail' the run ends`, async (t) => {
    const { kafka, make, outcome, clock } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const batches: SeenBatch[] = [];
    const run = outcome(make(noting(batches)).runLoop());
    await kafka.quiet();
    kafka.recreate('in');
    if (noticed === 'by what is fetched') kafka.fill('in', 0, 15);
    else await clock.advance(60_000);
    await kafka.quiet();
    const { error } = await run;
    t.true(error instanceof OffsetOutOfRangeError, String(error));
    t.regex(String(error), /Offset 10 of in\/0 belongs to a topic that was deleted and recreated.*0 to/);
    t.is(batches.length, 1);
  });

  for (const [onOffsetOutOfRange, values] of [
    ['earliest', ['in0', 'in1', 'in2']],
    ['latest', []],
  ] as const) {
    test(`a recreated topic while it runs is noticed ${noticed}: with '${onOffsetOutOfRange}' it goes on there, once`, async (t) => {
      const { kafka, make, clock } = fixture(t);
      kafka.createTopic('in').fill('in', 0, 10);
      const batches: SeenBatch[] = [];
      const processor = make(noting(batches), { onOffsetOutOfRange, offsetRefreshMs: 5000 });
      const run = processor.runLoop();
      await kafka.quiet();
      const gate = kafka.hold('fetch');
      kafka.recreate('in').fill('in', 0, 3);
      if (noticed === 'at the next refresh') await clock.advance(5000);
      gate.open();
      await clock.advance(20_000);
      t.deepEqual(
        batches.slice(1).map((batch) => batch.values),
        values.length === 0 ? [] : [values],
      );
      t.is(kafka.committed(GROUP, 'in', 0), 3);
      const [stats] = processor.stats().partitions;
      t.deepEqual([stats?.position, stats?.lag, stats?.highWatermark], [3, 0, 3]);
      kafka.append('in', 0, 'after');
      await clock.advance(1000);
      t.deepEqual(batches.at(-1)?.values, ['after']);
      await processor.close();
      await run;
    });
  }
}

test('the positions of a batch that is in hand when its topic is recreated are not committed', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  let goOn: (() => void) | undefined;
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () => {
      if (batches.length > 1) return;
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }),
    { onOffsetOutOfRange: 'earliest' },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.recreate('in').append('in', 0, 'new0', 'new1');
  await kafka.quiet();
  t.is(processor.stats().buffered, 2);
  goOn?.();
  await clock.advance(1000);
  t.deepEqual(
    batches.map(({ values }) => values.length),
    [10, 2],
  );
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 0, 2],
  );
  await processor.close();
  await run;
});

test('what was read of a topic that was recreated is dropped, also where reading goes on behind it', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 15);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { onOffsetOutOfRange: 'latest' });
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(processor.stats().buffered, 5);
  kafka.recreate('in').fill('in', 0, 30);
  await clock.advance(5000);
  t.deepEqual(
    batches.map(({ values }) => values.length),
    [10],
  );
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 10, 30],
  );
  t.is(processor.stats().bufferedBytes, 0);
  await processor.close();
  await run;
});

test('a recreated topic that is noticed twice at once is read once, without a gap', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { onOffsetOutOfRange: 'earliest', offsetRefreshMs: 5000 });
  const run = processor.runLoop();
  await kafka.quiet();
  const fetches = kafka.hold('fetch');
  const questions = kafka.hold('listOffsets');
  kafka.recreate('in').fill('in', 0, 3);
  await clock.advance(5000);
  t.is(questions.waiting.length, 2);
  // The fetch finds its position out of range, and the source asks where to go on.
  fetches.open();
  await clock.advance(1000);
  questions.open();
  await clock.advance(5000);
  t.deepEqual(
    batches.slice(1).map(({ values }) => values),
    [['in0', 'in1', 'in2']],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 3);
  await processor.close();
  await run;
});

test('without topic ids nothing is noticed, and nothing is made up', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.tellsTopicIds = false;
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), { offsetRefreshMs: 5000 });
  const run = processor.runLoop();
  await clock.advance(20_000);
  t.is(processor.state, 'running');
  await processor.close();
  t.is((await run).records, 10);
});

test('a topic that is deleted while none of its partitions is fetched fails the run after retryTimeoutMs', async (t) => {
  const { kafka, make, outcome, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), { retryTimeoutMs: 30_000, offsetRefreshMs: 10_000 });
  const run = outcome(processor.runLoop());
  await kafka.quiet();
  kafka.deleteTopic('in');
  await clock.advance(35_000);
  t.is(processor.state, 'running');
  await clock.advance(5000);
  const { error } = await run;
  t.true(error instanceof AssignmentError, String(error));
  t.regex(String(error), /Topic 'in' does not exist any more: it was deleted/);
});

test('a topic that is missing for a moment, and a cluster that cannot be asked, do no harm', async (t) => {
  const { kafka, make, clock, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), { retryTimeoutMs: 30_000, offsetRefreshMs: 10_000 });
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.deleteTopic('in');
  await clock.advance(20_000);
  kafka.addPartitions('in', 1);
  kafka.fail('describeTopics', new ConnectionError('no broker', { retriable: true }));
  await clock.advance(60_000);
  t.is(processor.state, 'running');
  t.deepEqual(log.messages('warn'), ['The input topics could not be looked at']);
  await processor.close();
  await run;
});

test('partitions that are added to a recreated topic are told, also if the former one had as many', async (t) => {
  const { kafka, make, clock, log } = fixture(t);
  kafka.createTopic('in', 2);
  const processor = make(noting([]), { offsetRefreshMs: 1000, onOffsetOutOfRange: 'earliest' });
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.addPartitions('in', 3);
  await clock.advance(2000);
  kafka.deleteTopic('in');
  kafka.createTopic('in', 2);
  await clock.advance(2000);
  kafka.addPartitions('in', 3);
  await clock.advance(2000);
  const added = log.lines.filter(({ message }) => message.startsWith('Partitions were added'));
  t.deepEqual(
    added.map(({ fields }) => fields),
    [
      { topic: 'in', before: 2, now: 3 },
      { topic: 'in', before: 2, now: 3 },
    ],
  );
  await processor.close();
  await run;
});

test('partitions that are added are told once', async (t) => {
  const { kafka, make, clock, log } = fixture(t);
  kafka.createTopic('in', 2);
  const processor = make(noting([]), { offsetRefreshMs: 1000 });
  const run = processor.runLoop();
  await clock.advance(2000);
  t.deepEqual(log.messages('warn'), []);
  kafka.addPartitions('in', 5);
  await clock.advance(5000);
  const [warning] = log.lines.filter(({ level }) => level === 'warn');
  t.is(log.messages('warn').length, 1);
  t.regex(warning?.message ?? '', /Partitions were added.*static/);
  t.deepEqual(warning?.fields, { topic: 'in', before: 2, now: 5 });
  await processor.close();
  await run;
  t.is(clock.pending, 0);
});

// Between two runs: the claims tell in which topic an offset was committed.

const withClaims = { claims: true } as const;

test("a recreated topic between two runs is noticed at each start, until one goes on: with 'fail' no start commits in its stead", async (t) => {
  const { kafka, make, outcome, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const first = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(5000);
  t.true((await first).ok);
  // More records than were read: the offset lies within the new log, too.
  kafka.recreate('in').fill('in', 0, 15);
  kafka.setCommitted(GROUP, 'in', 0, 10);
  for (const attempt of [1, 2]) {
    const run = outcome(make(noting([]), withClaims).runToEnd());
    await clock.advance(5000);
    const { error } = await run;
    t.true(error instanceof OffsetOutOfRangeError, `start ${attempt}: ${String(error)}`);
    t.regex(String(error), /Offset 10 of in\/0 belongs to a topic that was deleted and recreated/);
  }
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  const batches: SeenBatch[] = [];
  const run = outcome(make(noting(batches), { ...withClaims, onOffsetOutOfRange: 'earliest' }).runToEnd());
  await clock.advance(5000);
  t.is((await run).summary?.records, 15);
  const last = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(5000);
  t.is((await last).summary?.records, 0);
});

test('a recreated topic while it was processed is the known one at the next start', async (t) => {
  const { kafka, make, outcome, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), {
    ...withClaims,
    onOffsetOutOfRange: 'earliest',
    offsetRefreshMs: 5000,
  });
  const first = outcome(processor.runLoop());
  await clock.advance(5000);
  kafka.recreate('in').fill('in', 0, 3);
  await clock.advance(20_000);
  t.is(kafka.committed(GROUP, 'in', 0), 3);
  const closed = processor.close();
  await clock.advance(5000);
  await closed;
  t.true((await first).ok);
  const second = outcome(make(noting([]), withClaims).runToEnd());
  await clock.advance(5000);
  t.is((await second).summary?.records, 0);
});
