import test from 'ava';
import { CommitError } from '../../source/kernel/errors.ts';
import { turns } from '../../source/testing/fake-clock.ts';
import { deferred } from '../_helpers/deferred.ts';
import { bench, moved, refused } from './committer-bench.ts';

test('one request is under way; the next takes the newest offsets of all partitions', async (t) => {
  const { asked, offer, last } = bench(t);
  offer(10);
  offer(20);
  offer(5, { partition: 1 });
  offer(30);
  t.deepEqual(
    asked.map(({ text }) => text),
    [['in/0 10']],
  );
  await last().answer();
  t.deepEqual(last().text, ['in/0 30', 'in/1 5']);
  await last().answer();
  t.is(asked.length, 2);
});

test('an entry carries the leader epoch and empty metadata, and nothing else', (t) => {
  const { offer, last, committer } = bench(t);
  offer(10);
  t.deepEqual(last().offsets, [{ topic: 'in', partition: 0, offset: 10, leaderEpoch: 4, metadata: '' }]);
  committer.close();
});

test('metadata is a text, or what a function makes of each position, at every commit', async (t) => {
  const told: unknown[] = [];
  const { asked, offer, last, clock, committer } = bench(t, {
    offsetRefreshMs: 1000,
    commitMetadata: (position) => {
      told.push(position);
      return `up to ${position.offset}`;
    },
  });
  committer.startRefresh();
  offer(10);
  t.deepEqual(told, [{ topic: 'in', partition: 0, offset: 10, leaderEpoch: 4 }]);
  t.is(last().offsets[0]?.metadata, 'up to 10');
  await last().answer();
  await clock.advance(1000);
  t.is(asked.length, 2);
  t.is(last().offsets[0]?.metadata, 'up to 10');
  const { offer: offerText, last: lastText } = bench(t, { commitMetadata: 'here' });
  offerText(3);
  t.is(lastText().offsets[0]?.metadata, 'here');
});

const badMetadata: readonly (readonly [title: string, metadata: () => string, message: RegExp])[] = [
  [
    'throws',
    () => {
      throw new Error('no idea');
    },
    /in\/0 at 10: .*commitMetadata failed for in\/0 at 10: Error: no idea/,
  ],
  [
    'gives 4097 bytes',
    () => 'é'.repeat(2048) + 'e',
    /commitMetadata for in\/0 at 10 may have at most 4096 bytes.*not 4097/,
  ],
  [
    'gives no text',
    () => 5 as unknown as string,
    /commitMetadata for in\/0 at 10 must be a string, not number/,
  ],
];

for (const [title, metadata, message] of badMetadata) {
  test(`a commitMetadata function that ${title} fails that partition without a request; others are committed`, async (t) => {
    const { asked, offer, last, failures, committer } = bench(t, {
      commitMetadata: ({ partition }) => (partition === 0 ? metadata() : ''),
    });
    offer(7, { partition: 1 });
    offer(10);
    await last().answer();
    t.deepEqual(
      asked.map(({ text }) => text),
      [['in/1 7']],
    );
    t.regex(failures[0]?.message ?? '', message);
    t.deepEqual(failures[0]?.failed, [{ topic: 'in', partition: 0, offset: 10 }]);
    offer(8, { partition: 1 });
    await last().answer();
    await t.throwsAsync(committer.settled(), { instanceOf: CommitError });
    t.is(committer.committed({ topic: 'in', partition: 1 }), 8);
  });
}

test('work is acked in order, once, when all its positions are stored', async (t) => {
  const { committer, last } = bench(t);
  const acked: string[] = [];
  const position = (topic: string, offset: number) => ({ topic, partition: 0, offset, leaderEpoch: 0 });
  committer.offer({
    partition: 0,
    positions: [position('a', 5)],
    records: 5,
    onCommitted: () => acked.push('first'),
  });
  committer.offer({
    partition: 0,
    positions: [position('a', 7), position('b', 2)],
    records: 4,
    onCommitted: () => acked.push('second'),
  });
  t.is(committer.openRecords(0), 9);
  await last().answer();
  t.deepEqual(acked, ['first']);
  t.is(committer.openRecords(0), 4);
  await last().answer();
  t.deepEqual(acked, ['first', 'second']);
  t.is(committer.openRecords(0), 0);
  t.is(committer.committed({ topic: 'a', partition: 0 }), 7);
  t.is(committer.committed({ topic: 'b', partition: 0 }), 2);
});

test('offsets go forward only; what is lower counts as done with what is higher', async (t) => {
  const { committer, asked, offer, last } = bench(t);
  let acked = 0;
  offer(20);
  offer(10, { onCommitted: () => acked++ });
  await last().answer();
  t.is(acked, 1);
  t.is(asked.length, 1);
  t.is(committer.committed({ topic: 'in', partition: 0 }), 20);
});

test('a position that is under way is not sent a second time', async (t) => {
  const { asked, offer, last } = bench(t);
  offer(10);
  offer(10);
  await last().answer();
  t.is(asked.length, 1);
});

test('a position that is stored already is acked at once, without a request', async (t) => {
  const { committer, asked, offer } = bench(t);
  committer.adopt({ topic: 'in', partition: 0, offset: 10, leaderEpoch: 4 });
  let acked = 0;
  offer(10, { onCommitted: () => acked++ });
  await committer.settled();
  t.is(acked, 1);
  t.is(asked.length, 0);
});

test('settled() waits for the request, the retries, and what was offered meanwhile', async (t) => {
  const { committer, offer, last, clock } = bench(t);
  let isSettled = false;
  await committer.settled();
  offer(10);
  void committer.settled().then(() => (isSettled = true));
  offer(20);
  await last().answer();
  t.false(isSettled);
  await last().answer({ 'in/0': moved() });
  t.false(isSettled);
  await clock.advance(100);
  await last().answer();
  t.true(isSettled);
});

test('acked() waits for one partition alone', async (t) => {
  const { committer, offer, last } = bench(t);
  let isAcked = false;
  offer(10);
  offer(10, { partition: 1 });
  void committer.acked(0).then(() => (isAcked = true));
  await committer.acked(2);
  await turns();
  t.false(isAcked);
  await last().answer();
  t.true(isAcked);
  t.is(committer.openRecords(1), 1);
});

test('room() lets one batch pass whatever its size, and bounds what is open', async (t) => {
  const { committer, offer, last } = bench(t);
  await committer.room(0, 1_000_000, 100);
  offer(80, { records: 80 });
  await committer.room(0, 20, 100);
  await committer.room(1, 100, 100);
  t.false(committer.hasRoom(0, 21, 100));
  let hasRoom = false;
  void committer.room(0, 21, 100).then(() => (hasRoom = true));
  await turns();
  t.false(hasRoom);
  await last().answer();
  t.true(hasRoom);
});

test('room() and acked() reject as soon as the commit has failed', async (t) => {
  const { committer, offer, last, failures } = bench(t);
  offer(10, { records: 10 });
  const room = committer.room(0, 10, 10);
  const acked = committer.acked(0);
  const rejected = [
    t.throwsAsync(room, { instanceOf: CommitError }),
    t.throwsAsync(acked, { instanceOf: CommitError }),
  ];
  await last().answer({ 'in/0': refused() });
  await Promise.all(rejected);
  await t.throwsAsync(committer.room(1, 1, 10), { instanceOf: CommitError });
  t.is(failures.length, 1);
});

test('every owned position is committed again each offsetRefreshMs, moved or not, as long as it runs', async (t) => {
  const { committer, asked, last, clock, offer } = bench(t);
  committer.adopt({ topic: 'in', partition: 0, offset: 10, leaderEpoch: 4 });
  committer.adopt({ topic: 'in', partition: 1, offset: 3, leaderEpoch: 4 });
  committer.startRefresh();
  await clock.advance(59_999);
  t.is(asked.length, 0);
  await clock.advance(1);
  t.deepEqual(last().text, ['in/0 10', 'in/1 3']);
  await last().answer();
  offer(12);
  await last().answer();
  await clock.advance(60_000);
  t.deepEqual(last().text, ['in/0 12', 'in/1 3']);
  await last().answer();
  t.is(asked.length, 3);
  committer.close();
  await clock.advance(300_000);
  t.is(asked.length, 3);
  t.is(clock.pending, 0);
});

test('a rewind may go back; what went past it is acked with it', async (t) => {
  const { committer, offer, last } = bench(t);
  let acked = 0;
  offer(100);
  offer(150, { onCommitted: () => acked++ });
  committer.rewind({ topic: 'in', partition: 0, offset: 40, leaderEpoch: -1 });
  await last().answer();
  t.deepEqual(last().text, ['in/0 40']);
  await last().answer();
  t.is(acked, 1);
  t.is(committer.committed({ topic: 'in', partition: 0 }), 40);
  await committer.acked(0);
  offer(60);
  t.deepEqual(last().text, ['in/0 60'], 'forward from there');
});

test('a rewind to what is processed again to the same offset as before is not forgotten', async (t) => {
  const { committer, offer, last } = bench(t);
  offer(100);
  await last().answer();
  committer.rewind({ topic: 'in', partition: 0, offset: 40, leaderEpoch: -1 });
  offer(100);
  await last().answer();
  t.deepEqual(last().text, ['in/0 100']);
  await last().answer();
  t.is(committer.committed({ topic: 'in', partition: 0 }), 100);
});

test('once closed it commits nothing, keeps no timer, and nobody waits', async (t) => {
  const { committer, offer, asked, last, clock, failures } = bench(t);
  committer.startRefresh();
  offer(10);
  const waiting = [committer.settled(), committer.acked(0), committer.room(0, 10, 1)];
  await last().answer({ 'in/0': moved() });
  committer.close();
  await Promise.all(waiting);
  offer(20);
  committer.rewind({ topic: 'in', partition: 0, offset: 1, leaderEpoch: 0 });
  await clock.advance(1e6);
  t.is(asked.length, 1);
  t.is(clock.pending, 0);
  t.deepEqual(failures, []);
  await committer.settled();
});

test('where the partitions are found not to be ours any more, nothing is committed, and nobody waits', async (t) => {
  const { promise: reading, reject } = deferred();
  const claims: { unsure?: Promise<void> } = {};
  const guard = { check: () => claims.unsure, checkNow: () => Promise.resolve() };
  const { committer, offer, asked, last, clock, failures } = bench(t, { guard });
  offer(10);
  await last().answer();
  claims.unsure = reading;
  offer(20);
  const waiting = [committer.settled(), committer.acked(0), committer.room(0, 10, 1)];
  reject(new Error('taken over'));
  await Promise.all(waiting);
  offer(30);
  await clock.advance(1e6);
  t.is(asked.length, 1);
  t.true(committer.isClosed);
  t.deepEqual(failures, [], 'the run learns it from the guard');
});
