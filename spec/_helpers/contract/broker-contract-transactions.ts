import type { ExecutionContext } from 'ava';
import { newTopic } from '../raw/raw-cluster.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { RawClient as Client } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { present } from '../raw/present.ts';
import {
  addPartitions,
  added,
  end,
  findTransactionCoordinator,
  init,
  initialized,
  newTransactionalId,
  produceInTransaction,
  unlessBusy,
  type Owner,
  type RawTransaction,
} from '../raw/raw-transactions.ts';
import { describeTransaction, listTransactions } from '../raw/raw-transaction-reports.ts';
import { until } from '../until.ts';
import type { ContractCase } from './contract-case.ts';

const deadlineMs = 20_000;
const NEVER_SEEN_PRODUCER = 987_654_321n;

/** A topic, and a transactional id with its first owner. */
async function newOwner(t: ExecutionContext, brokers: readonly string[], partitions = 1) {
  const { topic, leader } = await newTopic(t, brokers, partitions);
  const transaction = await newTransactionalId(t, brokers);
  const owner = await initialized(transaction);
  return { topic, leader, transaction, owner };
}

/** Waits until a transaction has its marker: until then the partition is stable up to it alone. */
export async function untilStable(leader: RawClient, topic: string): Promise<number> {
  return until(
    async () => {
      const [at] = await fetch(leader, topic, [{ partition: 0, offset: 0 }]);
      return at?.highWatermark === at?.lastStableOffset && at?.highWatermark;
    },
    { deadlineMs, what: `the markers of ${topic}` },
  );
}

async function coordinators(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { id } = await newTransactionalId(t, brokers);
  const seed = await Client.open(t, present(brokers[0]));
  t.is((await findTransactionCoordinator(seed, id)).code, 0);
  const reader = await seed.call({ key: 10, version: 2, body: (writer) => writer.string(id).int8(9) });
  reader.int32();
  t.is(reader.int16(), 42, 'a kind of coordinator that there is not');
}

async function owners(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const transaction = await newTransactionalId(t, brokers);
  const first = await unlessBusy(() => init(transaction));
  t.is(first.code, 0);
  t.is(first.epoch, 0);
  t.deepEqual(await init(transaction), { ...first, epoch: 1 });
  t.deepEqual(await init(transaction, { own: { ...first, epoch: 1 } }), { ...first, epoch: 2 }, 'the owner');
  t.deepEqual(
    await init(transaction, { own: { ...first, epoch: 1 } }),
    { ...first, epoch: 2 },
    'again, as after a lost answer',
  );
  const fenced = { code: 90, producerId: -1n, epoch: -1 };
  t.deepEqual(await init(transaction, { own: { ...first, epoch: 0 } }), fenced, 'an owner before');
  t.deepEqual(await init(transaction, { own: { ...first, epoch: 9 } }), fenced, 'an epoch that never was');
  t.deepEqual(
    await init(transaction, { own: { ...first, epoch: 0 }, version: 3 }),
    { ...fenced, code: 47 },
    'version 3',
  );
  const other = { producerId: NEVER_SEEN_PRODUCER, epoch: 2 };
  t.deepEqual(await init(transaction, { own: other }), fenced, 'another producer');
  t.is((await init(transaction)).epoch, 3);
  t.deepEqual(
    await init(transaction, { own: { ...first, epoch: 2 } }),
    fenced,
    'the owner before a takeover is no lost answer',
  );
}

async function newIdWithOwner(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const transaction = await newTransactionalId(t, brokers);
  const own = { producerId: NEVER_SEEN_PRODUCER, epoch: 7 };
  const answer = await unlessBusy(() => init(transaction, { own }));
  t.is(answer.code, 0, 'an id that expired has no owner');
  t.is(answer.epoch, 0);
  t.not(answer.producerId, NEVER_SEEN_PRODUCER);
}

async function refusedInits(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const transaction = await newTransactionalId(t, brokers);
  const refused = { producerId: -1n, epoch: -1 };
  t.deepEqual(await init({ ...transaction, id: '' }), { ...refused, code: 42 }, 'an empty id');
  for (const timeoutMs of [0, -1, 900_001])
    t.deepEqual(await init(transaction, { timeoutMs }), { ...refused, code: 50 }, `${timeoutMs} ms`);
  t.deepEqual(
    await init(transaction, { own: { producerId: 5n, epoch: -1 } }),
    { ...refused, code: 42 },
    'a producer without an epoch',
  );
  t.deepEqual(
    await init(transaction, { own: { producerId: -1n, epoch: 0 } }),
    { ...refused, code: 42 },
    'an epoch without a producer',
  );
  t.is((await describeTransaction(transaction.coordinator, transaction.id)).code, 105, 'no id was made');
  // Answered 14 by a broker that has only just started.
  const longest = await unlessBusy(() => init(transaction, { timeoutMs: 900_000 }));
  t.is(longest.code, 0, 'the longest');
}

async function takeover(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner } = await newOwner(t, brokers);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await produceInTransaction(leader, transaction.id, topic, owner), [0, 0]);
  t.is((await init(transaction)).code, 51, 'the open transaction is aborted first');
  const next = await initialized(transaction);
  t.deepEqual(next, { ...owner, epoch: 2 });
  t.is(await untilStable(leader, topic), 2, 'one record and its marker');
  await isFenced(t, { topic, leader, transaction, owner });
}

/** All that a former owner sends is refused. */
async function isFenced(
  t: ExecutionContext,
  {
    topic,
    leader,
    transaction,
    owner,
  }: { topic: string; leader: RawClient; transaction: RawTransaction; owner: Owner },
): Promise<void> {
  t.deepEqual(await addPartitions(transaction, owner, { [topic]: [0] }), [90]);
  t.deepEqual(await addPartitions(transaction, owner, { [topic]: [0] }, 1), [47], 'version 1');
  t.is(await end(transaction, owner, 'commit'), 90);
  t.is(await end(transaction, owner, 'abort', 1), 47, 'version 1');
  const [code] = await produceInTransaction(leader, transaction.id, topic, owner, { sequence: 1 });
  t.is(code, 47, 'Produce');
}

async function zombie(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner } = await newOwner(t, brokers);
  const next = await initialized(transaction);
  t.is(await added(transaction, next, topic), 0);
  t.deepEqual(await produceInTransaction(leader, transaction.id, topic, next), [0, 0]);
  t.is((await init(transaction, { own: owner })).code, 51, 'a former owner asks');
  const asked = await unlessBusy(() => init(transaction, { own: owner }));
  t.is(asked.code, 90);
  t.is(await untilStable(leader, topic), 2, 'and has aborted the transaction of the owner');
  t.is(await end(transaction, next, 'commit'), 90);
  const own = await unlessBusy(() => init(transaction, { own: next }));
  t.deepEqual(own, { code: 0, ...next, epoch: 2 }, 'who is the owner all the same');
}

async function timeUp(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const transaction = await newTransactionalId(t, brokers);
  const owner = await initialized(transaction, { timeoutMs: 2_500 });
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await produceInTransaction(leader, transaction.id, topic, owner), [0, 0]);
  t.is(await untilStable(leader, topic), 2, 'the coordinator aborts it');
  await isFenced(t, { topic, leader, transaction, owner });
  const own = await unlessBusy(() => init(transaction, { own: owner }));
  t.deepEqual(own, { code: 0, ...owner, epoch: 1 }, 'nobody took over');
}

async function refusedPartitions(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, transaction, owner } = await newOwner(t, brokers, 2);
  const add = (who: Owner, on = transaction, version = 3) =>
    addPartitions(on, who, { [topic]: [0] }, version);
  t.deepEqual(await add(owner, await newTransactionalId(t, brokers)), [49], 'an unknown id');
  t.deepEqual(await add(owner, { ...transaction, id: '' }), [42], 'an empty id');
  t.deepEqual(await add({ ...owner, producerId: NEVER_SEEN_PRODUCER }), [49], 'another producer');
  t.deepEqual(await add({ ...owner, epoch: 1 }), [90], 'an epoch that was not given out');
  t.deepEqual(await add({ ...owner, epoch: 1 }, transaction, 0), [47], 'version 0');
  t.deepEqual(
    (await addPartitions(transaction, owner, { [topic]: [0, 2] })).toSorted((a, b) => a - b),
    [3, 55],
    'one that is not there: none is added',
  );
  t.is((await describeTransaction(transaction.coordinator, transaction.id)).state, 'Empty');
  t.deepEqual(await addPartitions(transaction, owner, { [topic]: [0, 1] }, 2), [0, 0], 'version 2');
  t.deepEqual(await add(owner), [0], 'again');
}

async function refusedEnds(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner } = await newOwner(t, brokers);
  t.is(await end(transaction, owner, 'commit'), 48, 'nothing was begun');
  t.is(await end(transaction, owner, 'abort'), 48, 'nothing was begun');
  t.is(await end(await newTransactionalId(t, brokers), owner, 'commit'), 49, 'an unknown id');
  t.is(await end({ ...transaction, id: '' }, owner, 'commit'), 42, 'an empty id');
  t.is(await end(transaction, { ...owner, producerId: 5n }, 'commit'), 49, 'another producer');
  t.is(await end(transaction, { ...owner, epoch: 1 }, 'commit'), 90, 'another epoch');
  t.is(await end(transaction, { ...owner, epoch: 1 }, 'commit', 1), 47, 'version 1');
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await produceInTransaction(leader, transaction.id, topic, owner), [0, 0]);
  t.is(await end(transaction, owner, 'commit'), 0);
  await untilStable(leader, topic);
  t.is(await unlessBusy(() => end(transaction, owner, 'commit')), 0, 'again, as after a lost answer');
  t.is(await end(transaction, owner, 'abort'), 48, 'abort after commit');
  t.is(await added(transaction, owner, topic), 0);
  t.is(await end(transaction, owner, 'abort', 0), 0, 'a transaction without records');
  t.is(await unlessBusy(() => end(transaction, owner, 'abort', 2)), 0, 'again');
  t.is(await end(transaction, owner, 'commit'), 48, 'commit after abort');
}

async function described(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, transaction, owner } = await newOwner(t, brokers, 2);
  const { coordinator, id } = transaction;
  const about = { code: 0, id, timeoutMs: 60_000, ...owner };
  t.deepEqual(await describeTransaction(coordinator, id), {
    ...about,
    state: 'Empty',
    startedAt: -1,
    partitions: [],
  });
  const before = Date.now();
  t.deepEqual(await addPartitions(transaction, owner, { [topic]: [1] }), [0]);
  const { startedAt, ...open } = await describeTransaction(coordinator, id);
  t.deepEqual(open, { ...about, state: 'Ongoing', partitions: [`${topic}/1`] });
  t.true(startedAt >= before - 5 && startedAt <= Date.now() + 5);
  t.is(await end(transaction, owner, 'commit'), 0);
  const ended = await until(
    async () => {
      const now = await describeTransaction(coordinator, id);
      return now.state === 'CompleteCommit' && now;
    },
    { deadlineMs, what: 'the end' },
  );
  t.deepEqual(ended, { ...about, state: 'CompleteCommit', partitions: [], startedAt });
  const unknown = await newTransactionalId(t, brokers);
  t.deepEqual(await describeTransaction(unknown.coordinator, unknown.id), {
    code: 105,
    id: unknown.id,
    state: '',
    timeoutMs: 0,
    startedAt: 0,
    producerId: 0n,
    epoch: 0,
    partitions: [],
  });
  t.is((await describeTransaction(coordinator, '')).code, 42);
}

async function listed(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, transaction, owner } = await newOwner(t, brokers);
  const { coordinator, id } = transaction;
  const other = { producerIds: [owner.producerId] };
  t.deepEqual(await listTransactions(coordinator, other), {
    code: 0,
    unknown: [],
    ids: new Map([[id, 'Empty']]),
  });
  t.is(await added(transaction, owner, topic), 0);
  const ids = async (filters: Parameters<typeof listTransactions>[1]) =>
    (await listTransactions(coordinator, filters)).ids;
  t.is((await ids({})).get(id), 'Ongoing');
  t.is((await ids({ states: ['Ongoing'] })).get(id), 'Ongoing');
  t.is((await ids({ states: ['Empty', 'CompleteAbort'] })).get(id), undefined);
  t.is((await ids({ producerIds: [NEVER_SEEN_PRODUCER] })).size, 0);
  t.is((await ids({ durationMs: 600_000 })).get(id), undefined, 'none is open for that long');
  t.is((await ids({ ...other, durationMs: 0 })).size, 1);
  t.deepEqual(await listTransactions(coordinator, { states: ['Nonsense'] }), {
    code: 0,
    unknown: ['Nonsense'],
    ids: new Map(),
  });
}

/** FindCoordinator, InitProducerId, AddPartitionsToTxn, EndTxn, and what is told of transactions. */
export const transactionCases: readonly ContractCase[] = [
  { title: 'the coordinator of a transactional id is found', run: coordinators },
  { title: 'a transactional id has one owner, whose epoch each InitProducerId raises', run: owners },
  { title: 'a producer that the coordinator has forgotten gets a new id', run: newIdWithOwner },
  { title: 'InitProducerId refuses bad ids, time limits and identities', run: refusedInits },
  { title: 'a new owner aborts the open transaction, and the former one is fenced', run: takeover },
  { title: 'a fenced owner that asks aborts the transaction of the present one', run: zombie },
  { title: 'a transaction whose time is up is aborted, and its owner fenced', run: timeUp },
  { title: 'AddPartitionsToTxn adds all partitions of a request, or none', run: refusedPartitions },
  { title: 'EndTxn ends once, and can be asked again', run: refusedEnds },
  { title: 'transactions are described', run: described },
  { title: 'transactions are listed by state, producer and duration', run: listed },
];
