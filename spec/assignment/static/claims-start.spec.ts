import test from 'ava';
import { AssignmentError, ConnectionError, FencedError } from '../../../source/kernel/errors.ts';
import {
  CLAIMS_GROUP,
  claimant,
  entryOf,
  here,
  leaveEntry,
  ownerOf,
  kafkaWith,
} from '../../_helpers/fakes/claims-on-fake.ts';
import { stateOf } from '../../_helpers/fakes/processor-run.ts';

test('partitions that nobody claimed are claimed in one request, and owned after a second', async (t) => {
  const kafka = kafkaWith(3);
  const one = await claimant(t, kafka, { partitionNumbers: [0, 2], instanceId: 'a' });
  await one.start();
  t.is(one.taken(), 'taken');
  const owned = one.claims.check();
  t.not(owned, undefined);
  t.deepEqual(
    kafka
      .callsOf('committed')
      .map(({ groupId, offsets }) => [groupId, offsets?.map((each) => each.partition)]),
    [[CLAIMS_GROUP, [0, 2]]],
  );
  const { record } = entryOf(kafka, 2);
  t.like(record, {
    instanceId: 'a',
    ...here,
    startedAt: '2024-01-01T00:00:00.000Z',
    topicId: kafka.topicId('in'),
    anchor: { topic: 'in', partition: 0 },
  });
  t.regex(record?.owner ?? '', /^[0-9a-f-]{36}$/);
  t.is(entryOf(kafka, 1).beat, undefined);
  await one.clock.advance(999);
  t.is(await stateOf(owned as Promise<void>), 'pending');
  t.is(kafka.callsOf('fetchOffsets').length, 1);
  await one.clock.advance(1);
  t.is(await stateOf(owned as Promise<void>), undefined);
  t.is(one.claims.check(), undefined);
  t.is(kafka.callsOf('fetchOffsets').length, 2, 'they were read again');
});

test('an owner whose partitions overlap in one that is not its anchor is noticed all the same', async (t) => {
  const kafka = kafkaWith(3);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
  const second = await claimant(t, kafka, { fakeClock: first.clock, partitionNumbers: [1, 2] });
  await second.start();
  await first.clock.advance(5_000);
  t.regex(String(second.taken()), /in\/1 is processed by another process/);
});

test('lists that do not overlap run side by side', async (t) => {
  const kafka = kafkaWith(3);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0, 2] });
  const second = await ownerOf(t, kafka, { fakeClock: first.clock, partitionNumbers: [1] });
  for (let seconds = 0; seconds < 300; seconds += 10) {
    await first.clock.advance(10_000);
    await Promise.all([first.claims.check(), second.claims.check()]);
  }
  t.deepEqual([...first.failures, ...second.failures], []);
  t.not(entryOf(kafka, 0).record?.owner, entryOf(kafka, 1).record?.owner);
});

test('an owner that is silent for claimTimeoutMs loses its partitions, with a warning that names it', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const one = await claimant(t, kafka, { claimTimeoutMs: 20_000 });
  await one.start();
  await one.clock.advance(19_999);
  t.is(one.taken(), undefined);
  t.is(entryOf(kafka).record?.owner, 'them');
  await one.clock.advance(500);
  t.is(one.taken(), 'taken');
  t.deepEqual(one.log.lines, [
    {
      level: 'warn',
      message: 'Partitions are taken over from an owner that was silent for claimTimeoutMs (20000 ms)',
      fields: { owners: 'in/0: process 4711 on host there, running since 2024-01-01T00:00:00.000Z' },
    },
  ]);
  t.is(entryOf(kafka).beat, 8, 'beats go on above those of the owner before');
});

test('the time in which nothing could be read does not count as silence', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const one = await claimant(t, kafka);
  await one.start();
  await one.clock.advance(1_000);
  const outage = kafka.hold('fetchOffsets');
  await one.clock.advance(60_000);
  outage.open();
  await kafka.quiet();
  t.is(one.taken(), undefined);
  // The next reading is the first that was asked for after the outage.
  await one.clock.advance(500);
  t.is(one.taken(), undefined);
  leaveEntry(kafka, {}, { beat: 8 });
  await one.clock.advance(500);
  t.true(one.taken() instanceof AssignmentError);
});

test('an entry whose owner changes while it is watched is not free', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const one = await claimant(t, kafka);
  await one.start();
  await one.clock.advance(10_000);
  leaveEntry(kafka, { owner: 'others', pid: 4712 });
  await one.clock.advance(500);
  t.regex(String(one.taken()), /AssignmentError: .*process 4712 on host there/);
});

test('an owner whose anchor another one has taken over is not kept alive by the beats of that one', async (t) => {
  const kafka = kafkaWith(2);
  leaveEntry(kafka, { owner: 'former', anchor: { topic: 'in', partition: 0 } }, { partition: 1 });
  const other = await ownerOf(t, kafka, { partitionNumbers: [0] });
  const one = await claimant(t, kafka, { fakeClock: other.clock, partitionNumbers: [1] });
  await one.start();
  await one.clock.advance(14_000);
  t.is(one.taken(), undefined);
  await one.clock.advance(2_000);
  t.is(one.taken(), 'taken');
  t.deepEqual(other.failures, []);
});

test('a released entry is free, also one that is released while it is watched', async (t) => {
  const kafka = kafkaWith(2);
  leaveEntry(kafka, { released: true });
  const one = await claimant(t, kafka);
  await one.start();
  t.is(one.taken(), 'taken');
  leaveEntry(kafka, {}, { partition: 1 });
  const two = await claimant(t, kafka, { partitionNumbers: [1] });
  await two.start();
  await two.clock.advance(4_000);
  t.is(two.taken(), undefined);
  leaveEntry(kafka, { released: true }, { partition: 1, beat: 9 });
  await two.clock.advance(500);
  t.is(two.taken(), 'taken');
  t.deepEqual([...one.log.lines, ...two.log.lines], []);
});

test('a process of this host and pid namespace that has ended is replaced at once; one that lives is watched', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, { ...here, pid: 55 } as object);
  const asked: number[] = [];
  const dead = await claimant(t, kafka, { isAlive: (pid) => !asked.push(pid) });
  await dead.start();
  t.is(dead.taken(), 'taken');
  t.deepEqual(asked, [55]);
  t.like(dead.log.lines[0], {
    level: 'info',
    message: 'Partitions are taken over from a process of this host that has ended',
  });
  leaveEntry(kafka, { ...here, pid: 55 } as object);
  const alive = await claimant(t, kafka, { isAlive: () => true });
  await alive.start();
  t.is(alive.taken(), undefined);
});

for (const [where, record] of [
  ['another host', { ...here, host: 'there' }],
  ['another pid namespace', { ...here, pidNamespace: 'pid:[2] boot' }],
  ['another boot of a host of that name', { ...here, pidNamespace: 'pid:[1] another boot' }],
  ['a system that does not tell its pid namespace', { host: here.host, pid: here.pid }],
] as const) {
  test(`whether a process lives is never asked for one of ${where}: it is watched`, async (t) => {
    const kafka = kafkaWith();
    leaveEntry(kafka, record as object);
    const one = await claimant(t, kafka, {
      isAlive: () => {
        throw new Error('not ours to ask');
      },
    });
    await one.start();
    await one.clock.advance(14_000);
    t.is(one.taken(), undefined);
    await one.clock.advance(1_500);
    t.is(one.taken(), 'taken');
  });
}

test('the same instanceId takes over at once; no instanceId, or another one, does not', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, { instanceId: 'pod-1' });
  for (const instanceId of [undefined, 'pod-2']) {
    const other = await claimant(t, kafka, { instanceId });
    await other.start();
    t.is(other.taken(), undefined);
  }
  const same = await claimant(t, kafka, { instanceId: 'pod-1' });
  await same.start();
  t.is(same.taken(), 'taken');
  leaveEntry(kafka, {});
  const anonymous = await claimant(t, kafka);
  await anonymous.start();
  t.is(anonymous.taken(), undefined, 'two without an instanceId are not the same');
});

test('an entry that cannot be read is watched like any other', async (t) => {
  const kafka = kafkaWith(2);
  kafka.setCommitted(CLAIMS_GROUP, 'in', 0, 3, 'by hand');
  const one = await claimant(t, kafka);
  await one.start();
  await one.clock.advance(14_000);
  t.is(one.taken(), undefined);
  await one.clock.advance(1_500);
  t.is(one.taken(), 'taken');
  kafka.setCommitted(CLAIMS_GROUP, 'in', 1, 3, '{"v":2}');
  const two = await claimant(t, kafka, { partitionNumbers: [1] });
  await two.start();
  kafka.setCommitted(CLAIMS_GROUP, 'in', 1, 4, '{"v":2}');
  await two.clock.advance(500);
  t.regex(String(two.taken()), /in\/1 is processed by .*: somebody whose entry this version cannot read/);
});

test('what was read longer than 500 ms ago is read again before it is written on', async (t) => {
  const kafka = kafkaWith();
  const slow = kafka.hold('fetchOffsets');
  const one = await claimant(t, kafka);
  await one.start();
  await one.clock.advance(501);
  slow.open();
  await kafka.quiet();
  t.is(one.taken(), 'taken');
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets', 'fetchOffsets', 'commit']);
});

test('one whose entries came in late waits until an owner that it overtook has read again', async (t) => {
  const kafka = kafkaWith();
  const late = await claimant(t, kafka);
  const { clock: fakeClock } = late;
  let commits = 0;
  const write = kafka.hold('commit', () => ++commits === 1);
  await late.start();
  const first = await ownerOf(t, kafka, { fakeClock, process: { ...here, pid: 101 } });
  await fakeClock.advance(1);
  write.open();
  await kafka.quiet();
  t.is(late.taken(), 'taken');
  t.is(first.claims.check(), undefined, 'it read that it owns the partition a moment ago');
  await fakeClock.advance(2_999);
  t.true(first.failures[0] instanceof FencedError);
  t.not(late.claims.check(), undefined);
  await fakeClock.advance(2_000);
  t.not(late.claims.check(), undefined);
  await fakeClock.advance(1);
  t.is(late.claims.check(), undefined);
});

test('a write that fails for a moment is tried again, after another look', async (t) => {
  const kafka = kafkaWith();
  kafka.fail('commit', new ConnectionError('gone', { retriable: true }));
  const one = await claimant(t, kafka);
  await one.start();
  await one.clock.advance(100);
  t.is(one.taken(), 'taken');
  t.deepEqual(kafka.order('fetchOffsets', 'commit'), ['fetchOffsets', 'commit', 'fetchOffsets', 'commit']);
});

test('closed while it watches, or while it settles, the start ends; what was written is released', async (t) => {
  const kafka = kafkaWith(2);
  leaveEntry(kafka, {});
  const watching = await claimant(t, kafka);
  await watching.start();
  watching.abort();
  await kafka.quiet();
  t.regex(
    String(watching.taken()),
    /ClosedWhileWaiting: The processor closed before its partitions were claimed/,
  );
  await watching.claims.close(30_000);
  t.is(entryOf(kafka).record?.owner, 'them');
  const settling = await claimant(t, kafka, { partitionNumbers: [1] });
  await settling.start();
  const unsure = t.throwsAsync(settling.claims.check() as Promise<void>, {
    message: /closed before its partitions were claimed/,
  });
  settling.abort();
  await unsure;
  await settling.claims.close(30_000);
  t.true(entryOf(kafka, 1).record?.released);
  t.deepEqual(settling.failures, []);
  t.is(settling.clock.pending + watching.clock.pending, 0);
});

test('the topic ids of the owner before stay known, until the offsets are committed anew', async (t) => {
  const kafka = kafkaWith(2);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0] });
  const before = kafka.topicId('in');
  t.is(first.claims.topicId('in', 0), undefined);
  await first.clock.advance(10_000);
  await first.claims.close(30_000);
  kafka.createTopic('in', 2);
  const second = await ownerOf(t, kafka, { partitionNumbers: [0, 1] });
  t.is(second.claims.topicId('in', 0), before);
  t.not(kafka.topicId('in'), before);
  t.is(second.claims.topicId('in', 1), undefined);
  // Until the committed offset is one of the new topic, whoever comes next must be told of the old
  // one.
  await second.clock.advance(10_000);
  t.is(entryOf(kafka, 0).record?.topicId, before);
  t.is(entryOf(kafka, 1).record?.topicId, kafka.topicId('in'));
  second.claims.noteTopicIds([{ topic: 'in', partition: 0, topicId: kafka.topicId('in') }]);
  await second.clock.advance(3000);
  t.is(entryOf(kafka, 0).record?.topicId, kafka.topicId('in'));
});
