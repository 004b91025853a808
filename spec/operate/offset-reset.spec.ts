import test from 'ava';
import { groupClaims } from '../../source/operate/group-claims.ts';
import { groupIdOf } from '../../source/config/group-names.ts';
import {
  AssignmentError,
  BrokerError,
  CommitError,
  ConfigError,
  ConnectionError,
  LifecycleError,
  OffsetOutOfRangeError,
} from '../../source/kernel/errors.ts';
import { planOffsetReset, type ResetPlan, type ResetTarget } from '../../source/operate/offset-reset-plan.ts';
import { resetOffsets, type ResetOptions } from '../../source/operate/offset-reset.ts';
import { entryOf, leaveEntry, ownerOf } from '../_helpers/fakes/claims-on-fake.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { fixture, GROUP, LineLogger, noting, stateOf } from '../_helpers/fakes/processor-run.ts';

/** `in/0 5 to 0, 5 again` */
function linesOf({ partitions }: ResetPlan): string[] {
  return partitions.map(({ topic, partition, fromOffset, toOffset, again, skipped, clamped }) => {
    const notes = [again > 0 && `${again} again`, skipped > 0 && `${skipped} skipped`, clamped && 'clamped'];
    return [`${topic}/${partition} ${fromOffset} to ${toOffset}`, ...notes.filter(Boolean)].join(', ');
  });
}

/**
 * Topic 'in' of 3: [2..10) with a commit at 5, [0..10) with a commit at 8, and 4 records without a
 * commit.
 */
function kafkaWith(): FakeKafka {
  const kafka = new FakeKafka().createTopic('in', 3);
  kafka.fill('in', 0, 10, { timestamp: 1_000 }).fill('in', 1, 6, { timestamp: 1_000 });
  kafka.fill('in', 1, 4, { timestamp: 2_000 }).fill('in', 2, 4, { timestamp: 500 }).deleteBefore('in', 0, 2);
  return kafka.setCommitted(GROUP, 'in', 0, 5, 3).setCommitted(GROUP, 'in', 1, 8, 'text');
}

const targets: readonly [to: ResetTarget, lines: readonly string[]][] = [
  ['earliest', ['in/0 5 to 2, 3 again', 'in/1 8 to 0, 8 again']],
  ['latest', ['in/0 5 to 10, 5 skipped', 'in/1 8 to 10, 2 skipped']],
  [5, ['in/0 5 to 5', 'in/1 8 to 5, 3 again']],
  [10, ['in/0 5 to 10, 5 skipped', 'in/1 8 to 10, 2 skipped']],
  [{ timestamp: 1_500 }, ['in/0 5 to 10, 5 skipped', 'in/1 8 to 6, 2 again']],
  [new Date(3_000), ['in/0 5 to 10, 5 skipped', 'in/1 8 to 10, 2 skipped']],
  [{ shiftBy: -4 }, ['in/0 5 to 2, 3 again, clamped', 'in/1 8 to 4, 4 again']],
  [{ shiftBy: 4 }, ['in/0 5 to 9, 4 skipped', 'in/1 8 to 10, 2 skipped, clamped']],
];

for (const [to, lines] of targets) {
  test(`the plan to ${JSON.stringify(to)} shows what is reprocessed and what is skipped, and changes nothing`, async (t) => {
    const kafka = kafkaWith();
    const plan = await planOffsetReset(kafka.client(), GROUP, to);
    t.deepEqual(linesOf(plan), lines);
    t.deepEqual(plan.withoutCommit, [{ topic: 'in', partition: 2 }]);
    t.deepEqual(kafka.callsOf('commit'), []);
  });
}

test('partitions that are named are set also where nothing was committed, but not shifted', async (t) => {
  const client = kafkaWith().client();
  const partitions = [1, 2];
  const plan = await planOffsetReset(client, GROUP, 'earliest', { partitions });
  t.deepEqual([linesOf(plan), plan.withoutCommit], [['in/1 8 to 0, 8 again', 'in/2 undefined to 0'], []]);
  const shifted = await planOffsetReset(client, GROUP, { shiftBy: -1 }, { partitions });
  t.deepEqual(
    [linesOf(shifted), shifted.withoutCommit],
    [['in/1 8 to 7, 1 again'], [{ topic: 'in', partition: 2 }]],
  );
  const fresh = await planOffsetReset(client, groupIdOf('fresh'), 1, { topics: ['in'], partitions: [2] });
  t.deepEqual(linesOf(fresh), ['in/2 undefined to 1']);
});

test('the end and a time past it are those that the isolation sees', async (t) => {
  const kafka = new FakeKafka().createTopic('in').fill('in', 0, 4).beginTransaction('in', 0).fill('in', 0, 6);
  const client = kafka.setCommitted(GROUP, 'in', 0, 0).client();
  t.deepEqual(linesOf(await planOffsetReset(client, GROUP, 'latest')), ['in/0 0 to 4, 4 skipped']);
  const isolation = 'read_uncommitted';
  t.deepEqual(linesOf(await planOffsetReset(client, GROUP, 'latest', { isolation })), [
    'in/0 0 to 10, 10 skipped',
  ]);
});

test('commits that lie outside the log count only for what is in it', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  kafka.deleteBefore('in', 0, 4).setCommitted(GROUP, 'in', 0, 1).setCommitted(GROUP, 'in', 1, 99);
  const client = kafka.client();
  t.deepEqual(linesOf(await planOffsetReset(client, GROUP, 'earliest')), [
    'in/0 1 to 4',
    'in/1 99 to 0, 10 again',
  ]);
  t.deepEqual(linesOf(await planOffsetReset(client, GROUP, 'latest')), [
    'in/0 1 to 10, 6 skipped',
    'in/1 99 to 10',
  ]);
});

test('what does not fit is a ConfigError that lists all of it, before anything is changed', async (t) => {
  const kafka = kafkaWith();
  const client = kafka.client();
  const problems = async (to: unknown, options: ResetOptions = {}, groupId = GROUP) => {
    const reset = resetOffsets(client, groupId, to as ResetTarget, options);
    return (await t.throwsAsync(reset, { instanceOf: ConfigError }))?.problems;
  };
  t.deepEqual(await problems(11), [
    'offset 11 of in/0 is not in the log, which holds 2 to 10',
    'offset 11 of in/1 is not in the log, which holds 0 to 10',
  ]);
  t.deepEqual(await problems(1), ['offset 1 of in/0 is not in the log, which holds 2 to 10']);
  t.regex(String(await problems('newest')), /the target must be an offset .* not 'newest'/);
  t.regex(String(await problems({ shiftBy: 1.5 })), /shiftBy must be a whole number of offsets, .* not 1.5/);
  t.deepEqual(await problems('latest', { topics: ['im'] }), [
    "topic 'im' does not exist; did you mean 'in'?",
  ]);
  t.deepEqual(await problems({ shiftBy: 1 }, { partitions: [2] }), [
    'nothing is committed in these partitions that could be shifted; set an offset, a time or an end of the log',
  ]);
  t.deepEqual(await problems('latest', {}, `${GROUP}-claims`), [
    'these are the claims of a job, which only its processors may write',
  ]);
  kafka.leaderless.add('in/1');
  t.deepEqual(await problems('latest'), ['in/1 has no leader now: bring its brokers up, then try again']);
  t.deepEqual(kafka.callsOf('commit'), []);
});

/** Resets on the fake, with its clock. */
function resetOn(kafka: FakeKafka, clock: FakeClock, to: ResetTarget, options: ResetOptions = {}) {
  const reset = resetOffsets(kafka.client(), GROUP, to, { clock, ...options });
  // Seen when it is awaited.
  reset.catch(() => undefined);
  return reset;
}

test('offsets are set a second after the partitions were claimed, in one request, and the claims are released', async (t) => {
  const kafka = kafkaWith();
  const clock = new FakeClock(() => kafka.quiet());
  const reset = resetOn(kafka, clock, 'earliest');
  await clock.advance(900);
  t.is(await stateOf(reset), 'pending');
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  t.is(entryOf(kafka, 1).record?.released, undefined, 'claimed meanwhile');
  await clock.advance(200);
  t.deepEqual(linesOf(await reset), ['in/0 5 to 2, 3 again', 'in/1 8 to 0, 8 again']);
  t.deepEqual(
    kafka.callsOf('committed').flatMap(({ groupId, offsets }) => (groupId === GROUP ? [offsets] : [])),
    [
      [
        { topic: 'in', partition: 0, offset: 2 },
        { topic: 'in', partition: 1, offset: 0 },
      ],
    ],
  );
  t.like(kafka.committedOf(GROUP, { topic: 'in', partition: 1 }), { leaderEpoch: -1, metadata: '' });
  t.deepEqual(
    (await groupClaims(kafka.client(), GROUP)).map(({ partition, state }) => [partition, state]),
    [
      [0, 'released'],
      [1, 'released'],
    ],
  );
  t.is(clock.pending, 0, 'nothing is left behind');
});

test('it is refused while a processor runs on one of the partitions, which is named, and nothing is changed', async (t) => {
  const kafka = kafkaWith();
  const owner = await ownerOf(t, kafka, { partitionNumbers: [1, 2], instanceId: 'pod-1' });
  const reset = resetOn(kafka, owner.clock, 'earliest');
  await owner.clock.advance(2_500);
  t.is(await stateOf(reset), 'pending');
  await owner.clock.advance(1_000);
  const error = await t.throwsAsync(reset, { instanceOf: AssignmentError });
  t.is(
    error?.message,
    "The offsets are not changed, since a processor is running: in/1: process 100 on host here (instance 'pod-1'), running since 2024-01-01T00:00:00.000Z. " +
      'Stop it (Ctrl-C, or SIGTERM to that process), then try again.',
  );
  t.deepEqual([kafka.committed(GROUP, 'in', 0), kafka.committed(GROUP, 'in', 1)], [5, 8]);
  t.is(entryOf(kafka, 0).beat, undefined, 'nothing was claimed');
  const other = resetOn(kafka, owner.clock, 'earliest', { partitions: [0] });
  await owner.clock.advance(1_000);
  t.deepEqual(linesOf(await other), ['in/0 5 to 2, 3 again'], 'partitions that it does not own can be set');
});

test('an owner that did not release its partitions is watched for claimTimeoutMs, and then they are taken over with a warning', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const clock = new FakeClock(() => kafka.quiet());
  const logger = new LineLogger();
  const reset = resetOn(kafka, clock, 'earliest', { partitions: [0], logger });
  await clock.advance(14_500);
  t.is(await stateOf(reset), 'pending');
  await clock.advance(2_000);
  t.deepEqual(linesOf(await reset), ['in/0 5 to 2, 3 again']);
  t.deepEqual(logger.messages('warn'), [
    'Partitions are taken over from an owner that was silent for claimTimeoutMs (15000 ms)',
  ]);
});

test('the offsets count as they are once the partitions are claimed', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const clock = new FakeClock(() => kafka.quiet());
  const reset = resetOn(kafka, clock, { shiftBy: -2 }, { partitions: [0] });
  await clock.advance(5_000);
  kafka.setCommitted(GROUP, 'in', 0, 9).setCommitted(GROUP, 'in', 2, 4);
  await clock.advance(12_000);
  t.deepEqual(linesOf(await reset), ['in/0 9 to 7, 2 again']);
  t.is(kafka.committed(GROUP, 'in', 0), 7);
});

test('a processor that starts meanwhile waits, and begins at the offset that was set', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10).setCommitted(GROUP, 'in', 0, 10);
  const reset = resetOn(kafka, clock, 7);
  await clock.advance(500);
  const values: (string | null)[] = [];
  const run = make(
    noting([], (messages) => void values.push(...messages.map(({ valueText }) => valueText))),
    { claims: true },
  ).runToEnd();
  await clock.advance(5_000);
  await Promise.all([reset, run]);
  t.deepEqual(values, ['in7', 'in8', 'in9']);
});

test('a topic that was recreated is accepted at the next start after a reset, and not before', async (t) => {
  const { kafka, make, outcome, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const start = async (name: string) => {
    const batches: (string | null)[] = [];
    const run = outcome(
      make(
        noting([], (messages) => void batches.push(...messages.map(({ valueText }) => valueText))),
        { claims: true, instanceId: name },
      ).runToEnd(),
    );
    await clock.advance(30_000);
    return { ...(await run), batches };
  };
  t.true((await start('first')).ok);
  kafka.recreate('in').fill('in', 0, 15);
  const failed = await start('second');
  t.true(failed.error instanceof OffsetOutOfRangeError);
  t.true((await start('third')).error instanceof OffsetOutOfRangeError, 'it fails again');
  const reset = resetOn(kafka, clock, 12);
  await clock.advance(2_000);
  t.deepEqual(linesOf(await reset), ['in/0 10 to 12, 2 skipped']);
  t.is(entryOf(kafka).record?.topicId, kafka.topicId('in'));
  t.deepEqual((await start('fourth')).batches, ['in12', 'in13', 'in14']);
});

test('it is refused while a consumer is a member of the group, which is named', async (t) => {
  const kafka = kafkaWith();
  const members = Array.from({ length: 7 }, (_none, at) => ({
    memberId: `m${at}`,
    clientId: `app-${at}`,
    host: `/10.0.0.${at}`,
  }));
  kafka.groups.set(GROUP, { state: 'Stable', protocolType: 'consumer', members });
  for (const claims of [true, false]) {
    const error = await t.throwsAsync(resetOffsets(kafka.client(), GROUP, 'latest', { claims }), {
      instanceOf: AssignmentError,
    });
    t.is(
      error?.message,
      `The offsets of group ${GROUP} are not changed: a consumer is a member of it ` +
        '(app-0 from 10.0.0.0, app-1 from 10.0.0.1, app-2 from 10.0.0.2, app-3 from 10.0.0.3, app-4 from 10.0.0.4 and 2 more). Stop it, then try again.',
    );
  }
  t.deepEqual(kafka.callsOf('commit'), []);
});

test('with claims: false nobody is looked for, and nothing is claimed', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const plan = await resetOffsets(kafka.client(), GROUP, 'latest', { claims: false });
  t.deepEqual(linesOf(plan), ['in/0 5 to 10, 5 skipped', 'in/1 8 to 10, 2 skipped']);
  t.deepEqual([kafka.committed(GROUP, 'in', 0), kafka.committed(GROUP, 'in', 1)], [10, 10]);
  t.deepEqual([entryOf(kafka, 0).record?.owner, entryOf(kafka, 1).beat], ['them', undefined]);
});

test('each answer of a commit is judged alone: what was set and what was not is reported', async (t) => {
  const kafka = kafkaWith();
  const denied = new BrokerError('denied', { brokerCode: 29, brokerError: 'X', retriable: false });
  kafka.fail('commitOffset', denied, { where: ({ partition }) => partition === 1 });
  const error = await t.throwsAsync(resetOffsets(kafka.client(), GROUP, 'latest', { claims: false }), {
    instanceOf: CommitError,
  });
  t.is(error?.message, `The offsets of in/1 could not be set in group ${GROUP}; set were in/0. denied`);
  t.deepEqual(
    [error?.stored, error?.failed],
    [[{ topic: 'in', partition: 0, offset: 10 }], [{ topic: 'in', partition: 1, offset: 10 }]],
  );
});

test('retriable failures are retried for retryTimeoutMs', async (t) => {
  const kafka = kafkaWith();
  const clock = new FakeClock(() => kafka.quiet());
  const moved = new BrokerError('moved', { brokerCode: 16, brokerError: 'X', retriable: true });
  kafka.fail('commitOffset', moved, { where: ({ partition }) => partition === 0 });
  kafka.fail('commit', new ConnectionError('lost', { retriable: true }));
  const reset = resetOn(kafka, clock, 'latest', { claims: false });
  await clock.advance(3_000);
  await reset;
  t.deepEqual(
    kafka.callsOf('commit').map(({ offsets }) => offsets?.map(({ partition }) => partition)),
    [[0, 1], [0, 1], [0]],
  );
  kafka.fail('commit', new ConnectionError('lost', { retriable: true }), { times: 1_000 });
  const failing = resetOn(kafka, clock, 'earliest', { claims: false, retryTimeoutMs: 5_000 });
  await clock.advance(6_000);
  const error = await t.throwsAsync(failing, { instanceOf: CommitError });
  t.regex(error?.message ?? '', /^The offsets of in\/0, in\/1 could not be set .*; none was set\. lost$/);
});

test('a signal ends the wait for an owner; then nothing was changed', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const clock = new FakeClock(() => kafka.quiet());
  const stop = new AbortController();
  const reset = resetOn(kafka, clock, 'earliest', { signal: stop.signal });
  await clock.advance(2_000);
  stop.abort();
  const error = await t.throwsAsync(reset, { instanceOf: LifecycleError });
  t.is(error?.message, 'The reset was stopped before anything was changed');
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  t.is(entryOf(kafka).record?.owner, 'them');
  t.is(clock.pending, 0);
});

test('a signal while it waits for the claims to settle releases them', async (t) => {
  const kafka = kafkaWith();
  const clock = new FakeClock(() => kafka.quiet());
  const stop = new AbortController();
  const reset = resetOn(kafka, clock, 'earliest', { signal: stop.signal });
  await clock.advance(500);
  stop.abort();
  await t.throwsAsync(reset, { instanceOf: LifecycleError });
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  t.true(entryOf(kafka).record?.released);
});
