import type { ExecutionContext } from 'ava';
import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import { present } from '../raw/present.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { join, joinAnew, leave, sync } from '../raw/raw-group.ts';
import { commit, fetchOffsets } from '../raw/raw-offsets.ts';
import {
  addOffsets,
  commitInTransaction,
  end,
  initialized,
  newTransactionalId,
  offsetsAdded,
  unlessBusy,
} from '../raw/raw-transactions.ts';
import { until } from '../until.ts';
import type { ContractCase } from './contract-case.ts';

const deadlineMs = 20_000;
const UNSTABLE = 88;

async function newOwner(t: ExecutionContext, brokers: readonly string[], partitions = 1) {
  const { topic } = await newTopic(t, brokers, partitions);
  const { groupId, connect } = await newGroup(t, brokers);
  const group = await connect();
  const transaction = await newTransactionalId(t, brokers);
  const owner = await initialized(transaction);
  const send = (offset: number, options = {}, version = 3) =>
    commitInTransaction(group, transaction, owner, { groupId, topic, offset, ...options }, version);
  return { topic, groupId, group, connect, transaction, owner, send };
}

/** The answer for partition 0 of one topic. */
async function stableOffset(group: RawClient, groupId: string, topic: string, requireStable = true) {
  const { offsets } = await fetchOffsets(group, groupId, topic, requireStable);
  const { code, offset } = present(offsets[0]);
  return { code, offset };
}

/** What the group has committed for partition 0: once no transaction may change it. */
async function committed(group: RawClient, groupId: string, topic: string): Promise<number> {
  return until(
    async () => {
      const { code, offset } = await stableOffset(group, groupId, topic);
      return code === UNSTABLE ? undefined : { offset };
    },
    { deadlineMs, what: 'a stable offset' },
  ).then(({ offset }) => offset);
}

async function pendingOffsets(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  t.deepEqual(await commit(group, { groupId }, topic, [[0, 3]]), [0]);
  t.deepEqual(await send(5), [48], 'the group is not in the transaction');
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await stableOffset(group, groupId, topic), { code: 0, offset: 3 });
  t.deepEqual(await send(5), [0]);
  t.deepEqual(await stableOffset(group, groupId, topic), { code: UNSTABLE, offset: -1 });
  t.deepEqual(await stableOffset(group, groupId, topic, false), { code: 0, offset: 3 }, 'who does not mind');
  t.deepEqual(
    (await fetchOffsets(group, groupId)).offsets.map(({ code, offset }) => [code, offset]),
    [[UNSTABLE, -1]],
    'all that is committed',
  );
  t.deepEqual(await send(6), [0], 'again');
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await committed(group, groupId, topic), 6);
  t.deepEqual(await unlessBusyCodes(() => send(7)), [48], 'after the end');
}

/** Repeats while the former transaction is ending. */
async function unlessBusyCodes(ask: () => Promise<number[]>): Promise<number[]> {
  const code = await unlessBusy(async () => {
    const answered = present((await ask())[0]);
    return answered === 15 ? 51 : answered;
  });
  return [code];
}

async function droppedOffsets(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await send(5), [0]);
  t.deepEqual((await fetchOffsets(group, groupId)).offsets, [], 'nothing is committed yet');
  t.is(await end(transaction, owner, 'abort'), 0);
  t.is(await committed(group, groupId, topic), -1);
}

async function plainAfter(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await send(50), [0]);
  t.deepEqual(await commit(group, { groupId }, topic, [[0, 7]]), [0]);
  t.deepEqual(await stableOffset(group, groupId, topic, false), { code: 0, offset: 7 });
  t.deepEqual(await stableOffset(group, groupId, topic), { code: UNSTABLE, offset: -1 });
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await committed(group, groupId, topic), 7, "the transaction's never appears");
}

async function plainBefore(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await commit(group, { groupId }, topic, [[0, 70]]), [0]);
  t.deepEqual(await send(5), [0]);
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await committed(group, groupId, topic), 5, 'the last one counts');
}

async function fencedCommits(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  const commitAs = (who: typeof owner, on = transaction) =>
    commitInTransaction(group, on, who, { groupId, topic, offset: 5 });
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await commitAs({ ...owner, epoch: 1 }), [47], 'another epoch');
  t.deepEqual(await commitAs({ ...owner, producerId: 987_654_323n }), [49], 'another producer');
  t.deepEqual(await commitAs(owner, await newTransactionalId(t, brokers)), [49], 'an unknown id');
  const next = await initialized(transaction);
  t.deepEqual(await send(5), [47], 'a former owner');
  t.is(await addOffsets(transaction, owner, groupId), 90);
  t.is(await addOffsets(transaction, owner, groupId, 1), 47, 'version 1');
  t.is(await offsetsAdded(transaction, next, groupId), 0);
  t.deepEqual(await commitAs(next), [0]);
  t.is(await addOffsets(await newTransactionalId(t, brokers), next, groupId), 49, 'an unknown id');
  t.is(await addOffsets({ ...transaction, id: '' }, next, groupId), 42, 'an empty id');
}

async function members(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, connect, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  t.deepEqual(await send(5, { generation: 3, memberId: 'm' }), [22], 'a generation of no group');
  const member = await connect();
  const { memberId, generation } = await joinAnew(member, groupId);
  t.deepEqual(await send(5, { generation, memberId }), [0], 'while the leader assigns');
  t.is((await sync(member, groupId, { generation, memberId }, { [memberId]: 'all' })).code, 0);
  t.deepEqual(await send(5, { generation, memberId }), [0]);
  t.deepEqual(await send(5), [0], 'without a membership');
  t.deepEqual(await send(5, { generation: generation + 1, memberId }), [22]);
  t.deepEqual(await send(5, { generation, memberId: 'x' }), [25]);
  t.deepEqual(await send(5, { generation, memberId, groupInstanceId: 'x' }), [25], 'an unknown instance');
  t.deepEqual(await commit(group, { groupId }, topic, [[0, 9]]), [25], 'a plain commit is refused');
  t.is(await leave(member, groupId, { memberId }), 0);
  t.deepEqual(await send(5, { generation, memberId }), [25], 'after it left');
  t.deepEqual(await send(8), [0]);
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await committed(group, groupId, topic), 8);
}

async function staticMember(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  const first = await connect();
  const old = await join(first, groupId, { groupInstanceId: 'one' });
  const who = { generation: old.generation, memberId: old.memberId, groupInstanceId: 'one' };
  t.is((await sync(first, groupId, who, { [old.memberId]: 'all' })).code, 0);
  t.deepEqual(await send(5, who), [0]);
  await join(await connect(), groupId, { groupInstanceId: 'one' });
  t.deepEqual(await send(5, who), [82], 'another one took its place');
}

async function singleOffsets(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers, 2);
  t.is(await offsetsAdded(transaction, owner, groupId), 0);
  const codes = await send(5, { partitions: [0, 9], metadata: 'note' });
  t.deepEqual(codes.toSorted(), [0, 3], 'each is judged alone');
  t.deepEqual(await send(5, { partitions: [1], metadata: 'x'.repeat(4097) }), [12]);
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await committed(group, groupId, topic), 5);
  const { offsets } = await fetchOffsets(group, groupId);
  t.deepEqual(offsets, [{ topic, partition: 0, offset: 5, metadata: 'note', code: 0 }]);
  const empty = await commitInTransaction(group, transaction, owner, { groupId: '', topic, offset: 1 });
  t.deepEqual(empty, [24], 'no group');
}

async function olderVersions(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, groupId, group, transaction, owner, send } = await newOwner(t, brokers);
  for (const version of [0, 1, 2]) {
    t.is(await unlessBusy(() => addOffsets(transaction, owner, groupId, version)), 0);
    t.deepEqual(await send(10 + version, {}, version), [0]);
    t.is(await end(transaction, owner, 'commit', version), 0);
    t.is(await committed(group, groupId, topic), 10 + version);
  }
}

/** AddOffsetsToTxn, TxnOffsetCommit and OffsetFetch in transactions. */
export const transactionalOffsetCases: readonly ContractCase[] = [
  {
    title: 'offsets of an open transaction are unstable, and count when it is committed',
    run: pendingOffsets,
  },
  { title: 'offsets of an aborted transaction are dropped', run: droppedOffsets },
  { title: 'a plain commit during a transaction wins over an earlier one of it', run: plainAfter },
  { title: 'an offset of a transaction wins over a plain commit before it', run: plainBefore },
  { title: 'offsets are taken only from the owner of a transaction', run: fencedCommits },
  { title: 'offsets of a transaction are checked against the membership that they name', run: members },
  { title: 'offsets of a transaction from a static member that was replaced are refused', run: staticMember },
  { title: 'each offset of a transaction is judged alone', run: singleOffsets },
  { title: 'offsets are committed in transactions of older versions', run: olderVersions },
];
