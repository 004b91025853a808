import test from 'ava';
import { groupLag, type GroupLag } from '../../source/operate/group-lag.ts';
import { BrokerError, ConfigError, ConnectionError } from '../../source/kernel/errors.ts';
import type { Isolation } from '../../source/kafka/log-position.ts';
import { leaveEntry } from '../_helpers/fakes/claims-on-fake.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { GROUP } from '../_helpers/fakes/processor-run.ts';

/** `in/0 committed 5 of 0..10, lag 5` */
function linesOf({ partitions }: GroupLag): string[] {
  return partitions.map((each) => {
    const { topic, partition, committedOffset, startOffset, endOffset, lag, problem } = each;
    return `${topic}/${partition} committed ${committedOffset} of ${startOffset}..${endOffset}, lag ${lag}${problem === undefined ? '' : `, ${problem}`}`;
  });
}

test('the lag of each partition is what lies between the committed offset and the end', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 3).createTopic('also', 1).createTopic('else', 1);
  kafka.fill('in', 0, 10).fill('in', 1, 4).fill('also', 0, 7);
  kafka
    .setCommitted(GROUP, 'in', 1, 4)
    .setCommitted(GROUP, 'in', 0, 3, 'text')
    .setCommitted(GROUP, 'also', 0, 0, 7);
  const lag = await groupLag(kafka.client(), GROUP, { claims: false });
  t.deepEqual(linesOf(lag), [
    'also/0 committed 0 of 0..7, lag 7',
    'in/0 committed 3 of 0..10, lag 7',
    'in/1 committed 4 of 0..4, lag 0',
    'in/2 committed undefined of 0..0, lag undefined',
  ]);
  t.like(lag, {
    groupId: GROUP,
    isolation: 'read_committed',
    totalLag: 14,
    gone: [],
    claimsError: undefined,
  });
  t.deepEqual(
    lag.partitions.map(({ leaderEpoch, metadata }) => [leaderEpoch, metadata]),
    [
      [7, ''],
      [undefined, 'text'],
      [undefined, ''],
      [undefined, ''],
    ],
  );
});

test('topics and partitions that are named are shown, also without a commit', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 3).createTopic('also', 3);
  kafka.fill('also', 2, 5).setCommitted(GROUP, 'in', 0, 0);
  const client = kafka.client();
  t.deepEqual(linesOf(await groupLag(client, GROUP, { claims: false, topics: ['also'], partitions: [2] })), [
    'also/2 committed undefined of 0..5, lag undefined',
  ]);
  t.deepEqual(linesOf(await groupLag(client, GROUP, { claims: false, partitions: [0, 2] })), [
    'in/0 committed 0 of 0..0, lag 0',
    'in/2 committed undefined of 0..0, lag undefined',
  ]);
});

test('an open transaction counts for the high watermark, and not for the last stable offset', async (t) => {
  const kafka = new FakeKafka().createTopic('in').fill('in', 0, 4).beginTransaction('in', 0).fill('in', 0, 6);
  kafka.setCommitted(GROUP, 'in', 0, 1);
  const client = kafka.client();
  const lag = async (isolation?: 'read_uncommitted') =>
    linesOf(await groupLag(client, GROUP, { claims: false, ...(isolation && { isolation }) }));
  t.deepEqual(await lag(), ['in/0 committed 1 of 0..4, lag 3']);
  t.deepEqual(await lag('read_uncommitted'), ['in/0 committed 1 of 0..10, lag 9']);
  // A reader of uncommitted records is further than the last stable offset: that is no problem.
  kafka.setCommitted(GROUP, 'in', 0, 8);
  t.deepEqual(await lag(), ['in/0 committed 8 of 0..4, lag 0']);
});

test('what an open transaction holds back is counted, with its producer where brokers name it', async (t) => {
  const kafka = new FakeKafka()
    .createTopic('in', 2)
    .fill('in', 0, 4)
    .beginTransaction('in', 0)
    .fill('in', 0, 6);
  kafka.setCommitted(GROUP, 'in', 0, 4);
  const client = kafka.client();
  const held = async (isolation: Isolation = 'read_committed') =>
    (await groupLag(client, GROUP, { claims: false, isolation })).partitions.map(({ heldBack }) => heldBack);
  const transactions = [{ producerId: 4711, firstOffset: 4, lastWriteAt: undefined }];
  t.deepEqual(await held(), [{ records: 6, transactions }, undefined]);
  t.deepEqual(await held('read_uncommitted'), [undefined, undefined]);
  t.is(kafka.callsOf('openTransactions').length, 1, 'only asked where something is held back');
  kafka.fail(
    'openTransactions',
    new BrokerError('no access', {
      brokerCode: 29,
      brokerError: 'TOPIC_AUTHORIZATION_FAILED',
      retriable: false,
    }),
  );
  t.deepEqual(await held(), [{ records: 6, transactions: [] }, undefined]);
  kafka.fail('openTransactions', new ConnectionError('no connection'));
  await t.throwsAsync(held(), { instanceOf: ConnectionError });
  kafka.endTransaction('in', 0);
  t.deepEqual(await held(), [undefined, undefined]);
});

test('a committed offset that is not in the log is reported; what was deleted is no lag', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  kafka.deleteBefore('in', 0, 6).setCommitted(GROUP, 'in', 0, 2).setCommitted(GROUP, 'in', 1, 12);
  t.deepEqual(linesOf(await groupLag(kafka.client(), GROUP, { claims: false })), [
    'in/0 committed 2 of 6..10, lag 4, before-start',
    'in/1 committed 12 of 0..10, lag 0, past-end',
  ]);
});

test('a topic that was recreated since the commit is reported, where a claim has the id of the old one', async (t) => {
  const kafka = new FakeKafka().createTopic('in').fill('in', 0, 10).setCommitted(GROUP, 'in', 0, 5);
  leaveEntry(kafka, { topicId: kafka.topicId('in') ?? '', released: true });
  const client = kafka.client();
  t.deepEqual(linesOf(await groupLag(client, GROUP)), ['in/0 committed 5 of 0..10, lag 5']);
  kafka.recreate('in').fill('in', 0, 8);
  t.deepEqual(linesOf(await groupLag(client, GROUP)), ['in/0 committed 5 of 0..8, lag 3, recreated']);
});

test('a partition without a leader has no ends, and keeps nothing else from being reported', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 2).fill('in', 0, 3).fill('in', 1, 3);
  kafka.setCommitted(GROUP, 'in', 0, 1).setCommitted(GROUP, 'in', 1, 1);
  kafka.leaderless.add('in/0');
  t.deepEqual(linesOf(await groupLag(kafka.client(), GROUP, { claims: false })), [
    'in/0 committed 1 of undefined..undefined, lag undefined',
    'in/1 committed 1 of 0..3, lag 2',
  ]);
});

test('commits in topics and partitions that do not exist any more are reported', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1).createTopic('old', 1);
  kafka.setCommitted(GROUP, 'in', 0, 0).setCommitted(GROUP, 'in', 5, 55).setCommitted(GROUP, 'old', 0, 9);
  kafka.deleteTopic('old');
  const client = kafka.client();
  const { partitions, gone } = await groupLag(client, GROUP, { claims: false });
  t.is(partitions.length, 1);
  t.deepEqual(gone, [
    { topic: 'in', partition: 5, committedOffset: 55 },
    { topic: 'old', partition: 0, committedOffset: 9 },
  ]);
  const named = await groupLag(client, GROUP, { claims: false, topics: ['old'] });
  t.deepEqual([named.partitions, named.gone.length], [[], 1]);
});

test('what never existed is a ConfigError that lists all of it, with the name that may be meant', async (t) => {
  const kafka = new FakeKafka().createTopic('orders', 2).createTopic('payments', 2);
  const client = kafka.client();
  const problems = async (options: { topics?: string[]; partitions?: number[] }) => {
    const error = await t.throwsAsync(groupLag(client, GROUP, { claims: false, ...options }), {
      instanceOf: ConfigError,
    });
    return error?.problems;
  };
  t.deepEqual(await problems({}), [
    'it has committed no offsets, or they have expired: check the name, or name topics to look at',
  ]);
  kafka.setCommitted('kasper-topic-processor-specs', 'orders', 0, 1);
  kafka.setCommitted('kasper-topic-processor-spec-claims', 'orders', 0, 1);
  t.deepEqual(await problems({}), [
    "it has committed no offsets, or they have expired: check the name, or name topics to look at; did you mean 'specs'?",
  ]);
  t.deepEqual(await problems({ topics: ['ordres', 'paid', 'orders'], partitions: [1, 2, 7] }), [
    "topic 'ordres' does not exist; did you mean 'orders'?",
    "topic 'paid' does not exist",
    'partitions 2, 7 do not exist: orders has 2, numbered from 0',
  ]);
  t.deepEqual(await problems({ topics: ['orders'], partitions: [2] }), [
    'partition 2 does not exist: orders has 2, numbered from 0',
  ]);
});

test('without access to the claims the lag is still reported; without a connection nothing is', async (t) => {
  const kafka = new FakeKafka().createTopic('in').fill('in', 0, 3).setCommitted(GROUP, 'in', 0, 1);
  const client = kafka.client();
  const denied = new BrokerError('denied', { brokerCode: 30, brokerError: 'X', retriable: false });
  const ofClaims = { where: ({ groupId }: { groupId?: string }) => groupId?.endsWith('-claims') === true };
  kafka.fail('fetchAllOffsets', denied, ofClaims);
  const lag = await groupLag(client, GROUP);
  t.is(lag.claimsError, denied);
  t.deepEqual(linesOf(lag), ['in/0 committed 1 of 0..3, lag 2']);
  kafka.fail('fetchAllOffsets', new ConnectionError('gone'), ofClaims);
  await t.throwsAsync(groupLag(client, GROUP), { instanceOf: ConnectionError });
});
