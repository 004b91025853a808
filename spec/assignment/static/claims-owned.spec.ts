import test from 'ava';
import { AssignmentError, BrokerError, ConnectionError, FencedError } from '../../../source/kernel/errors.ts';
import {
  CLAIMS_GROUP,
  claimant,
  entryOf,
  here,
  leaveEntry,
  ownerOf,
} from '../../_helpers/fakes/claims-on-fake.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import { stateOf } from '../../_helpers/fakes/processor-run.ts';

function kafkaWith(partitions = 1): FakeKafka {
  return new FakeKafka().createTopic('in', partitions);
}

const refused = new BrokerError('GROUP_AUTHORIZATION_FAILED', {
  brokerCode: 30,
  brokerError: 'GROUP_AUTHORIZATION_FAILED',
  retriable: false,
});

test('every 3 s all entries are read and one is raised; every offsetRefreshMs all are', async (t) => {
  const kafka = kafkaWith(2);
  const { clock } = await ownerOf(t, kafka, { partitionNumbers: [0, 1], offsetRefreshMs: 8_000 });
  kafka.calls.length = 0;
  await clock.advance(6_000);
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets', 'commit', 'fetchOffsets', 'commit']);
  t.deepEqual(
    kafka.callsOf('commit').map(({ offsets }) => offsets),
    [[{ topic: 'in', partition: 0, offset: 2 }], [{ topic: 'in', partition: 0, offset: 3 }]].map((offsets) =>
      offsets.map((entry) => ({ ...entry, leaderEpoch: -1, metadata: metadataOf(kafka) })),
    ),
  );
  await clock.advance(3_000);
  t.deepEqual(
    kafka
      .callsOf('commit')
      .at(-1)
      ?.offsets?.map(({ partition, offset }) => [partition, offset]),
    [
      [0, 4],
      [1, 4],
    ],
  );
});

function metadataOf(kafka: FakeKafka): string {
  return kafka.committedOf(CLAIMS_GROUP, { topic: 'in', partition: 0 }).metadata;
}

test('within 5 s of a reading a check costs no request; after that it reads first, once for all who ask', async (t) => {
  const kafka = kafkaWith();
  const { claims, clock } = await ownerOf(t, kafka);
  kafka.calls.length = 0;
  clock.sleepThrough(5_000);
  t.is(claims.check(), undefined);
  clock.sleepThrough(1);
  await Promise.all([claims.check(), claims.check(), claims.check()] as Promise<void>[]);
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets']);
  t.is(claims.check(), undefined);
});

test('a wall clock that moved says as much as the monotonic one, forward or back', async (t) => {
  const kafka = kafkaWith();
  const { claims, clock } = await ownerOf(t, kafka);
  clock.jumpWall(5_001);
  t.not(claims.check(), undefined, 'the machine was suspended');
  await kafka.quiet();
  t.is(claims.check(), undefined);
  clock.jumpWall(-1);
  t.not(claims.check(), undefined, 'the wall clock no longer tells how long ago it was');
  await kafka.quiet();
  t.is(claims.check(), undefined);
});

for (const [name, pause] of [
  ['stopped', (ms: number) => ({ mono: ms, wall: 0 })],
  ['suspended with its machine', (ms: number) => ({ mono: 0, wall: ms })],
] as const) {
  test(`an owner that was ${name} is fenced when it wakes up, and neither writes nor releases`, async (t) => {
    const kafka = kafkaWith(2);
    const sleeper = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
    // Its clock stands still: no timer fires.
    const next = await claimant(t, kafka, { process: { ...here, host: 'there' } });
    await next.start();
    await next.clock.advance(15_500);
    t.is(next.taken(), 'taken');
    await next.clock.advance(1_000);
    t.is(next.claims.check(), undefined);
    const { mono, wall } = pause(17_000);
    sleeper.clock.sleepThrough(mono);
    sleeper.clock.jumpWall(wall);
    kafka.calls.length = 0;
    const error = await t.throwsAsync(sleeper.claims.check() as Promise<void>, { instanceOf: FencedError });
    t.regex(
      error?.message ?? '',
      /^in\/0 was taken over by another process: process 100 on host there, running since 2024.*It commits nothing more/,
    );
    t.deepEqual(sleeper.failures, [error]);
    await t.throwsAsync(sleeper.claims.check() as Promise<void>, { is: error });
    await sleeper.clock.advance(60_000);
    await sleeper.claims.close(30_000);
    t.deepEqual(kafka.order('commit'), []);
    t.is(entryOf(kafka, 1).record?.released, undefined);
    t.is(sleeper.clock.pending, 0);
    t.deepEqual(next.failures, []);
  });
}

test('an owner that wakes up between reading and beating does not overwrite the next one', async (t) => {
  const kafka = kafkaWith();
  const sleeper = await ownerOf(t, kafka);
  const reading = kafka.hold('fetchOffsets');
  await sleeper.clock.advance(3_000);
  t.is(reading.waiting.length, 1);
  // The answer was on its way when the process was stopped.
  sleeper.clock.sleepThrough(20_000);
  reading.open();
  let reads = 0;
  kafka.intercept('fetchOffsets', () => {
    if (++reads === 1) leaveEntry(kafka, {});
  });
  kafka.calls.length = 0;
  await kafka.quiet();
  t.true(sleeper.failures[0] instanceof FencedError);
  t.deepEqual(kafka.order('commit'), []);
  t.is(entryOf(kafka).record?.owner, 'them');
});

test('an entry of somebody else is noticed by the next beat, also one that was released since, or that cannot be read', async (t) => {
  for (const seen of [{}, { released: true as const }, undefined]) {
    const kafka = kafkaWith(2);
    const { clock, failures } = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
    if (seen === undefined) kafka.setCommitted(CLAIMS_GROUP, 'in', 1, 0, '');
    else leaveEntry(kafka, seen, { partition: 1 });
    await clock.advance(3_000);
    t.is(failures.length, 1);
    t.true(failures[0] instanceof FencedError);
  }
});

test('entries that a tool deleted are written again', async (t) => {
  const kafka = kafkaWith(2);
  const { clock, failures, claims } = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
  kafka.forgetGroup(CLAIMS_GROUP);
  await clock.advance(3_000);
  t.deepEqual(failures, []);
  t.is(claims.check(), undefined);
  t.is(entryOf(kafka, 0).beat, 2);
  t.is(entryOf(kafka, 1).beat, 2);
});

test('while the claims cannot be read a check waits, and the claims hold', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims, failures } = await ownerOf(t, kafka);
  const outage = kafka.hold('fetchOffsets');
  await clock.advance(5_001);
  const check = claims.check() as Promise<void>;
  await clock.advance(60_000);
  t.is(await stateOf(check), 'pending');
  outage.open();
  await check;
  t.is(claims.check(), undefined);
  t.deepEqual(failures, []);
});

test('what the port gives up reading, or is refused, ends the claims with that error', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims, failures } = await ownerOf(t, kafka);
  const away = new ConnectionError('the coordinator was away for retryTimeoutMs', { retriable: true });
  kafka.fail('fetchOffsets', away);
  await clock.advance(3_000);
  t.deepEqual(failures, [away]);
  await t.throwsAsync(claims.check() as Promise<void>, { is: away });
  const second = await ownerOf(t, new FakeKafka().createTopic('in'));
  t.deepEqual(second.failures, []);
});

test('a beat that cannot be written is tried again soon; one that is refused ends the claims', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims, failures, log } = await ownerOf(t, kafka);
  kafka.fail('commit', new ConnectionError('gone', { retriable: true }), { times: 2 });
  await clock.advance(5_000);
  t.is(entryOf(kafka).beat, 4);
  t.deepEqual(log.messages('warn'), Array(2).fill('The claims could not be renewed yet; trying again'));
  t.deepEqual(failures, []);
  t.is(claims.check(), undefined);
  kafka.fail('commitOffset', refused);
  await clock.advance(3_000);
  t.deepEqual(failures, [refused]);
});

test('close writes that the entries are free, all in one request, and beats no more', async (t) => {
  const kafka = kafkaWith(2);
  const { clock, claims, log } = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
  kafka.calls.length = 0;
  await claims.close(30_000);
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets', 'commit']);
  for (const partition of [0, 1]) t.true(entryOf(kafka, partition).record?.released);
  t.is(claims.close(30_000), claims.close(0), 'all calls share one promise');
  t.is(clock.pending, 0);
  t.deepEqual(log.lines, []);
});

test('a release waits for a beat that is under way', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims } = await ownerOf(t, kafka);
  const beat = kafka.hold('commit');
  await clock.advance(3_000);
  const closed = claims.close(30_000);
  await kafka.quiet();
  t.is(beat.waiting.length, 1);
  beat.open();
  await closed;
  t.true(entryOf(kafka).record?.released);
});

test('a beat whose reading comes in after the release does not claim the partitions again', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims } = await ownerOf(t, kafka);
  let reads = 0;
  const ofBeat = kafka.hold('fetchOffsets', () => ++reads === 1);
  await clock.advance(3_000);
  t.is(ofBeat.waiting.length, 1);
  await claims.close(30_000);
  t.true(entryOf(kafka).record?.released);
  ofBeat.open();
  await kafka.quiet();
  t.true(entryOf(kafka).record?.released);
});

test('what is to be sure now is read after it was asked, not by a reading in flight', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims, failures } = await ownerOf(t, kafka);
  const ofBeat = kafka.hold('fetchOffsets');
  await clock.advance(3_000);
  t.is(ofBeat.waiting.length, 1);
  kafka.calls.length = 0;
  const sure = claims.checkNow();
  ofBeat.open();
  await sure;
  t.is(kafka.callsOf('fetchOffsets').length, 1, 'one of its own');
  t.deepEqual(failures, []);
});

test('a release leaves alone what another owner has by then', async (t) => {
  const kafka = kafkaWith(2);
  const { claims, failures } = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
  leaveEntry(kafka, {}, { partition: 1 });
  await claims.close(30_000);
  t.true(entryOf(kafka, 0).record?.released);
  t.is(entryOf(kafka, 1).record?.owner, 'them');
  t.is(entryOf(kafka, 1).record?.released, undefined);
  t.deepEqual(failures, [], 'all its work is done');
});

test('a release that fails for a moment is tried again, on what was read after that', async (t) => {
  const kafka = kafkaWith();
  const { clock, claims, log } = await ownerOf(t, kafka);
  kafka.fail('commit', new ConnectionError('gone', { retriable: true }));
  const closed = claims.close(30_000);
  await clock.advance(100);
  await closed;
  t.true(entryOf(kafka).record?.released);
  t.deepEqual(log.lines, []);
});

test('a release takes no longer than it may, and says when it was given up', async (t) => {
  for (const [withinMs, waitMs] of [
    [30_000, 5_000],
    [700, 700],
  ] as const) {
    const kafka = kafkaWith();
    const { clock, claims, log } = await ownerOf(t, kafka);
    kafka.hold('fetchOffsets');
    const closed = claims.close(withinMs);
    await clock.advance(waitMs - 1);
    t.is(await stateOf(closed), 'pending');
    await clock.advance(1);
    await closed;
    t.deepEqual(log.messages('warn'), [
      'The claims could not be released; the next owner has to wait for claimTimeoutMs',
    ]);
    t.is(clock.pending, 0);
  }
});

test('with no time left nothing is released: work may be under way', async (t) => {
  const kafka = kafkaWith();
  const { claims, log } = await ownerOf(t, kafka);
  kafka.calls.length = 0;
  await claims.close(0);
  t.deepEqual(kafka.calls, []);
  t.deepEqual(log.messages('warn'), ['The claims are not released, since work may still be in process']);
});

test('claims that were refused before they were written have nothing to release', async (t) => {
  const kafka = kafkaWith();
  const first = await ownerOf(t, kafka);
  const second = await claimant(t, kafka, { fakeClock: first.clock });
  await second.start();
  await first.clock.advance(4_000);
  t.true(second.taken() instanceof AssignmentError);
  kafka.calls.length = 0;
  await second.claims.close(30_000);
  t.deepEqual(kafka.calls, []);
});
