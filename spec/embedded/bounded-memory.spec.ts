import test, { type ExecutionContext } from 'ava';
import { BoundedMemory } from '../../source/embedded/bounded-memory.ts';
import { GROUP_BYTES, Group } from '../../source/embedded/groups/group.ts';
import type { JoinAnswer, JoinRequest } from '../../source/embedded/groups/group-member.ts';
import { groupRules } from '../../source/embedded/groups/group-rules.ts';
import { ProducerState } from '../../source/embedded/logs/producer-state.ts';
import { silentLogger } from '../../source/kernel/logger.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { TOPIC, alterConfigs } from '../_helpers/raw/raw-configs.ts';
import {
  addPartitions,
  commitInTransaction,
  initialized,
  newTransactionalId,
  offsetsAdded,
} from '../_helpers/raw/raw-transactions.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

const offset = { topic: 'in', leaderEpoch: -1, metadata: '', committedAt: 0, offset: 1 };

function smallGroup(bytes: number) {
  const clock = new FakeClock(() => Promise.resolve());
  const memory = new BoundedMemory(bytes);
  memory.take(GROUP_BYTES);
  const group = new Group('group', { clock, logger: silentLogger, rules: groupRules({}), memory });
  const join = (metadataBytes: number, request: Partial<JoinRequest> = {}): JoinAnswer | undefined => {
    const answers: JoinAnswer[] = [];
    const protocols = [{ name: 'range', metadata: Buffer.alloc(metadataBytes) }];
    const about = { memberId: '', groupInstanceId: null, clientId: 'c', clientHost: '/here', protocols };
    const times = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 8_000 };
    group.join(
      { ...about, ...times, protocolType: 'consumer', memberIdRequired: false, ...request },
      (answer) => answers.push(answer),
    );
    return answers[0];
  };
  return { group, memory, join };
}

test('a group takes no member for whom there is no memory, and one when another has left', (t) => {
  const { group, memory, join } = smallGroup(20_000);
  const first = present(join(10_000));
  t.is(first.code, 0);
  t.is(join(10_000)?.code, 81);
  t.is(join(10_000, { groupInstanceId: 'static' })?.code, 81);
  t.is(group.leave({ memberId: first.memberId, groupInstanceId: null }), 0);
  t.is(memory.taken, GROUP_BYTES);
  t.is(join(10_000)?.code, 0);
});

test('a member that joins again with more than there is memory for is refused', (t) => {
  const { memory, join } = smallGroup(20_000);
  const { memberId } = present(join(1_000));
  const before = memory.taken;
  t.is(join(15_000, { memberId })?.code, 81);
  t.is(memory.taken, before);
  t.is(join(2_000, { memberId })?.code, 0);
  t.is(memory.taken, before + 1_000);
});

test('no member id is given out that there is no memory for', (t) => {
  const { group, memory, join } = smallGroup(GROUP_BYTES + 1_100);
  const codes = Array.from({ length: 3 }, () => join(1, { memberIdRequired: true })?.code);
  t.deepEqual(codes, [79, 79, 81]);
  group.die();
  t.is(memory.taken, 0);
});

test('assignments that there is no memory for are refused, and the group rebalances', (t) => {
  const { group, join } = smallGroup(20_000);
  const { memberId, generation } = present(join(1));
  const codes: number[] = [];
  const assignments = new Map([[memberId, Buffer.alloc(30_000)]]);
  group.sync({ memberId, groupInstanceId: null, generation, assignments }, ({ code }) => codes.push(code));
  t.deepEqual(codes, [-1]);
  t.is(group.heartbeat({ memberId, groupInstanceId: null }, generation), 27);
});

test('offsets are committed as long as there is memory for them, in transactions too', (t) => {
  const { group, memory } = smallGroup(GROUP_BYTES + 600);
  const { offsets } = group;
  t.true(offsets.set({ ...offset, partition: 0 }));
  t.true(offsets.setPending(1n, { ...offset, partition: 1 }));
  t.false(offsets.set({ ...offset, partition: 2 }));
  t.false(offsets.setPending(1n, { ...offset, partition: 2 }));
  t.true(offsets.set({ ...offset, partition: 0, offset: 2 }), 'in place of the former one');
  t.true(offsets.setPending(1n, { ...offset, partition: 1, metadata: 'm' }));
  offsets.endTransaction(1n, true);
  t.is(offsets.get('in', 1)?.metadata, 'm');
  offsets.delete('in', 1);
  t.true(offsets.set({ ...offset, partition: 2 }));
  offsets.deleteTopic('in');
  t.is(memory.taken, GROUP_BYTES);
});

test('a partition forgets the producer that wrote longest ago when it knows 10,000', (t) => {
  const producers = new ProducerState();
  const batch = (producerId: bigint) => ({
    producerId,
    epoch: 0,
    firstSequence: 0,
    lastSequence: 0,
    maxTimestamp: 1,
  });
  for (let id = 1n; id <= 10_000n; id++) producers.stored(batch(id), 0);
  producers.stored({ ...batch(1n), firstSequence: 1, lastSequence: 1 }, 1);
  producers.stored(batch(10_001n), 2);
  t.is(producers.check(batch(1n)).kind, 'duplicate');
  t.is(producers.check(batch(2n)).kind, 'append', 'forgotten');
  t.is(producers.check(batch(3n)).kind, 'duplicate');
});

async function rawCluster(t: ExecutionContext, topics: Readonly<Record<string, number>>) {
  const cluster = await startEmbedded(t, { brokers: 1, topics });
  return { cluster, client: await RawClient.open(t, present(cluster.brokers[0])) };
}

test('a transaction has at most 50,000 partitions', async (t) => {
  const topics = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`t${i}`, 9_900]));
  const { cluster } = await rawCluster(t, topics);
  const transaction = await newTransactionalId(t, cluster.brokers);
  const owner = await initialized(transaction);
  const partitions = Array.from({ length: 9_900 }, (_, i) => i);
  const codes: number[] = [];
  for (const topic of Object.keys(topics)) {
    codes.push(...new Set(await addPartitions(transaction, owner, { [topic]: partitions })));
  }
  t.deepEqual(codes, [0, 0, 0, 0, 0, 44]);
});

test('the offsets of a transaction take as many bytes in a request as those of a commit', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 3 }, maxCommitBytes: 300 });
  const transaction = await newTransactionalId(t, cluster.brokers);
  const owner = await initialized(transaction);
  t.is(await offsetsAdded(transaction, owner, 'group'), 0);
  const group = await RawClient.open(t, present(cluster.brokers[0]));
  const commit = (partitions: readonly number[]) =>
    commitInTransaction(group, transaction, owner, { groupId: 'group', topic: 'in', offset: 1, partitions });
  t.deepEqual(await commit([0, 1, 2]), [0, 0, 0]);
  const metadata = 'x'.repeat(100);
  const large = { groupId: 'group', topic: 'in', offset: 2, partitions: [0, 1, 2], metadata };
  t.deepEqual(await commitInTransaction(group, transaction, owner, large), [-1, -1, -1]);
});

test('the settings of a topic have at most 16,384 characters', async (t) => {
  const { client } = await rawCluster(t, { in: 1 });
  const list = Array.from({ length: 4_000 }, (_, i) => `${i}:1`).join(',');
  const set = (value: string) =>
    alterConfigs(client, [[TOPIC, 'in', [['leader.replication.throttled.replicas', value]]]]);
  const [long] = await set(list);
  t.deepEqual(long?.[0], 44);
  const [short] = await set(list.slice(0, 13_999).replace(/,[^,]*$/, ''));
  t.deepEqual(short, [0, null]);
});
