import test, { type ExecutionContext } from 'ava';
import { AssignmentError, FencedError } from '../../../source/kernel/errors.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import {
  claimant,
  entryOf,
  here,
  leaveEntry,
  type Claimant,
  type ClaimantOptions,
} from '../../_helpers/fakes/claims-on-fake.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];

/** Topic 'in' of eight partitions, of which a commit request holds three. */
const kafkaInParts = () => new FakeKafka({ commitOffsets: 3 }).createTopic('in', EIGHT.length);

/** Claims on all of them that are past both waits. */
async function ownerOf(
  t: ExecutionContext,
  kafka: FakeKafka,
  options: ClaimantOptions = {},
): Promise<Claimant> {
  const owner = await claimant(t, kafka, { partitionNumbers: EIGHT, ...options });
  await owner.start();
  await owner.clock.advance(2_000);
  t.is(owner.claims.check(), undefined, 'it owns its partitions');
  return owner;
}

const commitsOf = (kafka: FakeKafka) =>
  kafka.callsOf('commit').map(({ offsets = [] }) => offsets.map(({ partition }) => partition));

test('entries that no request can hold are written in parts, the first of them a second before the others', async (t) => {
  const kafka = kafkaInParts();
  const { claims, clock, start, taken } = await claimant(t, kafka, { partitionNumbers: EIGHT });
  await start();
  t.deepEqual(commitsOf(kafka), [[0, 1, 2]]);
  await clock.advance(900);
  t.is(taken(), undefined);
  await clock.advance(100);
  t.is(taken(), 'taken');
  t.deepEqual(commitsOf(kafka), [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ]);
  await clock.advance(900);
  t.not(claims.check(), undefined, 'it settles as before');
  await clock.advance(100);
  t.is(claims.check(), undefined);
});

test('a beat raises the anchor alone, a refresh and a release write all parts', async (t) => {
  const kafka = kafkaInParts();
  const { claims, clock } = await ownerOf(t, kafka, { offsetRefreshMs: 6_000 });
  kafka.calls.length = 0;
  await clock.advance(3_000);
  t.deepEqual(commitsOf(kafka), [[0]]);
  await clock.advance(3_000);
  const all = [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ];
  t.deepEqual(commitsOf(kafka), [[0], ...all]);
  await claims.close(30_000);
  t.deepEqual(commitsOf(kafka), [[0], ...all, ...all]);
  t.true(EIGHT.every((partition) => entryOf(kafka, partition).record?.released === true));
});

test('a part whose reading became too old while others were written is read again, alone', async (t) => {
  const kafka = kafkaInParts();
  const { clock, start, taken } = await claimant(t, kafka, { partitionNumbers: EIGHT });
  await start();
  kafka.intercept('commit', () => new Promise<void>((resolve) => clock.after(600, resolve)));
  kafka.calls.length = 0;
  await clock.advance(1_000 + 600 + 600);
  t.is(taken(), 'taken');
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets', 'commit', 'fetchOffsets', 'commit']);
});

test('an owner that comes to a later part meanwhile keeps it, and the start fails when it lives', async (t) => {
  const kafka = kafkaInParts();
  const { clock, start, taken } = await claimant(t, kafka, { partitionNumbers: EIGHT });
  await start();
  leaveEntry(kafka, {}, { partition: 7, beat: 1 });
  await clock.advance(1_000);
  t.deepEqual(commitsOf(kafka), [[0, 1, 2]]);
  leaveEntry(kafka, {}, { partition: 7, beat: 2 });
  await clock.advance(1_000);
  t.true(taken() instanceof AssignmentError);
  t.regex(String(taken()), /in\/7 is processed by another process/);
  t.is(entryOf(kafka, 7).record?.owner, 'them');
});

test('an owner that comes to a later part while it is read again keeps it', async (t) => {
  const kafka = kafkaInParts();
  const { clock, start, taken } = await claimant(t, kafka, { partitionNumbers: EIGHT });
  await start();
  kafka.intercept('commit', ({ offsets = [] }) => {
    if (offsets[0]?.partition !== 3) return;
    leaveEntry(kafka, {}, { partition: 7, beat: 1 });
    return new Promise<void>((resolve) => clock.after(600, resolve));
  });
  await clock.advance(2_000);
  t.is(taken(), undefined);
  t.is(entryOf(kafka, 7).record?.owner, 'them');
});

test('a start whose readings take longer than 500 ms fails after retryTimeoutMs, and says why', async (t) => {
  const kafka = kafkaInParts();
  const { clock, start, taken } = await claimant(t, kafka, {
    partitionNumbers: EIGHT,
    retryTimeoutMs: 20_000,
  });
  kafka.intercept('fetchOffsets', () => new Promise<void>((resolve) => clock.after(700, resolve)));
  await start();
  await clock.advance(19_000);
  t.is(taken(), undefined);
  await clock.advance(5_000);
  t.regex(String(taken()), /claims of 8 partitions cannot be taken: .* takes longer than 500 ms/);
  t.deepEqual(commitsOf(kafka), []);
});

test('an owner whose readings became slow is fenced all the same, and beats when they are fast again', async (t) => {
  const kafka = kafkaInParts();
  const owner = await ownerOf(t, kafka);
  const { clock, failures } = owner;
  const fast = kafka.intercept(
    'fetchOffsets',
    () => new Promise<void>((resolve) => clock.after(700, resolve)),
  );
  kafka.calls.length = 0;
  await clock.advance(10_000);
  t.deepEqual(commitsOf(kafka), []);
  t.deepEqual(failures, []);
  fast();
  await clock.advance(2_000);
  t.deepEqual(commitsOf(kafka), [[0]]);
  leaveEntry(kafka, {}, { partition: 5 });
  await clock.advance(3_000);
  t.true(failures[0] instanceof FencedError);
});

test('of two that start in the same moment with the same partitions, one has all of them', async (t) => {
  let conflicts = 0;
  for (let lateMs = 0; lateMs < 200; lateMs += 10) {
    const kafka = kafkaInParts();
    const clock = new FakeClock(() => kafka.quiet());
    kafka.intercept('commit', () => new Promise<void>((resolve) => clock.after(30, resolve)));
    kafka.intercept('fetchOffsets', () => new Promise<void>((resolve) => clock.after(10, resolve)));
    const options = { fakeClock: clock, partitionNumbers: EIGHT };
    const one = await claimant(t, kafka, { ...options, process: { ...here, pid: 1 } });
    const two = await claimant(t, kafka, { ...options, process: { ...here, pid: 2 } });
    void one.start();
    await clock.advance(lateMs);
    void two.start();
    await clock.advance(12_000);
    const winners = [one, two].filter(({ taken }) => taken() === 'taken');
    t.is(winners.length, 1, `the second came ${lateMs} ms later`);
    const [winner] = winners;
    t.is(winner?.claims.check(), undefined);
    t.deepEqual(winner?.failures, []);
    if (winner === two) conflicts++;
    for (const { claims } of [one, two]) void claims.close(0);
  }
  t.true(conflicts > 0, 'the entries of one were overwritten by the other');
});
