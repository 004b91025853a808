import test, { type ExecutionContext } from 'ava';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { listOffset } from '../_helpers/raw/raw-topics.ts';
import {
  added,
  end,
  init,
  initialized,
  newTransactionalId,
  produceInTransaction,
  type Owner,
} from '../_helpers/raw/raw-transactions.ts';
import { until } from '../_helpers/until.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';

/** A transactional id, whose coordinator leads the topic that it writes to. */
async function writer(t: ExecutionContext) {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 1 } });
  const transaction = await newTransactionalId(t, cluster.brokers);
  const leader = await RawClient.open(t, present(cluster.brokers[0]));
  let sequence = 0;
  const write = async (owner: Owner) => {
    t.is(await added(transaction, owner, 'out'), 0);
    await produceInTransaction(leader, transaction.id, 'out', owner, { sequence: sequence++ });
  };
  /** After the connection was cut. */
  const again = async () => ({
    ...transaction,
    coordinator: await RawClient.open(t, present(cluster.brokers[0])),
  });
  const stable = async () => (await listOffset(leader, 'out', -1, { isolation: 1 })).offset;
  return { cluster, transaction, write, again, stable, restart: () => (sequence = 0) };
}

/** EndTxn of whom the connection is cut. */
async function endUnanswered(...args: Parameters<typeof end>): Promise<void> {
  await end(...args).catch((error: unknown) => {
    if (!/closed|ECONNRESET/.test(String(error))) throw error;
  });
}

test('EndTxn whose answer is lost is asked again, and is answered 0', async (t) => {
  const { cluster, transaction, write, again } = await writer(t);
  const owner = await initialized(transaction);
  await write(owner);
  cluster.faults.drop({ api: 'EndTxn', when: 'after' });
  await endUnanswered(transaction, owner, 'commit');
  t.is(cluster.endOffset('out', 0), 2, 'it was committed');
  t.is(await end(await again(), owner, 'commit'), 0);
  t.is(await end(await again(), owner, 'abort'), 48);
  t.is(cluster.endOffset('out', 0), 2);
});

test('EndTxn that is answered late has ended the transaction before', async (t) => {
  const { cluster, transaction, write, again } = await writer(t);
  const owner = await initialized(transaction);
  await write(owner);
  cluster.faults.delay({ api: 'EndTxn', ms: 300, when: 'after' });
  const answer = end(transaction, owner, 'commit');
  const asked = await again();
  await until(() => cluster.endOffset('out', 0) === 2, { deadlineMs: 20_000, what: 'the marker' });
  t.is(await end(asked, owner, 'commit'), 0, 'asked again meanwhile');
  t.is(await answer, 0);
});

// The trap: nothing in EndTxn says which transaction of the epoch is meant.
test('a late EndTxn ends the next transaction of the same epoch', async (t) => {
  const { cluster, transaction, write, again, stable } = await writer(t);
  const owner = await initialized(transaction);
  await write(owner);
  const late = cluster.faults.late({ api: 'EndTxn' });
  await endUnanswered(transaction, owner, 'commit');
  t.is(late.held, 1);
  transaction.coordinator.close();
  const next = await again();
  t.is(await end(next, owner, 'commit'), 0, 'asked again');
  Object.assign(transaction, next);
  await write(owner);
  t.is(await stable(), 2, 'the second one is open');
  await late.deliver();
  t.is(await stable(), 4, 'and was committed by the request of the first one');
  t.is(await end(next, owner, 'abort'), 48);
});

test('a late EndTxn is refused when its producer has asked for a new epoch since', async (t) => {
  const { cluster, transaction, write, again, stable, restart } = await writer(t);
  const owner = await initialized(transaction);
  await write(owner);
  const late = cluster.faults.late({ api: 'EndTxn' });
  await endUnanswered(transaction, owner, 'commit');
  Object.assign(transaction, await again());
  t.is((await init(transaction, { own: owner })).code, 51, 'the open one is aborted first');
  const renewed = await initialized(transaction, { own: owner });
  t.true(renewed.epoch > owner.epoch);
  restart();
  await write(renewed);
  const before = await stable();
  await late.deliver();
  t.is(await stable(), before, 'the second one is open still');
  t.is(await end(transaction, renewed, 'commit'), 0);
});

test('kafkajs commits once when the answer of EndTxn is lost, and when it is late', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 1 } });
  const producer = kafkajsOn(cluster).producer({
    transactionalId: uniqueName('writer'),
    idempotent: true,
    maxInFlightRequests: 1,
  });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  cluster.faults.delay({ api: 'EndTxn', ms: 100, when: 'after' });
  for (const value of ['a', 'b']) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'out', messages: [{ value }] });
    await transaction.commit();
  }
  t.deepEqual(
    cluster.records('out').map(({ valueText }) => valueText),
    ['a', 'b'],
  );
});
