import test, { type ExecutionContext } from 'ava';
import { ConfigError } from '../../source/kernel/errors.ts';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { heartbeat, join, joinAnew, sync } from '../_helpers/raw/raw-group.ts';
import { describeTransaction } from '../_helpers/raw/raw-transaction-reports.ts';
import {
  addOffsets,
  addPartitions,
  end,
  findTransactionCoordinator,
  init,
  initialized,
  newTransactionalId,
  produceInTransaction,
} from '../_helpers/raw/raw-transactions.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';

async function movableTransaction(t: ExecutionContext) {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { out: 1 } });
  const transaction = await newTransactionalId(t, cluster.brokers);
  const before = cluster.transactionCoordinatorOf(transaction.id);
  const after = (before % 3) + 1;
  const addressOf = (nodeId: number) => present(cluster.brokers[nodeId - 1]);
  const next = { id: transaction.id, coordinator: await RawClient.open(t, addressOf(after)) };
  return { cluster, transaction, next, after, addressOf };
}

test('an open transaction goes on at the node that its coordinator was moved to', async (t) => {
  const { cluster, transaction, next, after, addressOf } = await movableTransaction(t);
  const owner = await initialized(transaction);
  t.deepEqual(await addPartitions(transaction, owner, { out: [0] }), [0]);
  const leader = await RawClient.open(t, addressOf(cluster.leaderOf('out', 0)));
  await produceInTransaction(leader, transaction.id, 'out', owner);

  cluster.moveTransactionCoordinator(transaction.id, after);
  t.is(cluster.transactionCoordinatorOf(transaction.id), after);
  t.deepEqual(await findTransactionCoordinator(leader, transaction.id), {
    code: 0,
    address: addressOf(after),
  });
  t.deepEqual(await addPartitions(transaction, owner, { out: [0] }), [16]);
  t.is(await addOffsets(transaction, owner, 'group'), 16);
  t.is(await end(transaction, owner, 'commit'), 16);
  t.is((await init(transaction)).code, 16);
  t.is((await describeTransaction(transaction.coordinator, transaction.id)).code, 16);

  t.is((await describeTransaction(next.coordinator, transaction.id)).state, 'Ongoing');
  t.is(await end(next, owner, 'commit'), 0);
  t.is(cluster.endOffset('out', 0), 2);
});

test('a coordinator that was moved to a node that stops is another one until it starts again', async (t) => {
  const { cluster, transaction, after } = await movableTransaction(t);
  cluster.moveTransactionCoordinator(transaction.id, after);
  await cluster.stopNode(after);
  t.not(cluster.transactionCoordinatorOf(transaction.id), after);
  t.throws(
    () => {
      cluster.moveTransactionCoordinator(transaction.id, after);
    },
    { instanceOf: ConfigError, message: /is stopped/ },
  );
  await cluster.startNode(after);
  t.is(cluster.transactionCoordinatorOf(transaction.id), after);
});

test('kafkajs follows the coordinators of a transaction and its group', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { in: 1, out: 1 } });
  const transactionalId = uniqueName('writer');
  const producer = kafkajsOn(cluster).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  for (let n = 0; n < 6; n++) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'out', messages: [{ value: String(n) }] });
    cluster.moveTransactionCoordinator(transactionalId, (n % 3) + 1);
    cluster.moveCoordinator('group', ((n + 1) % 3) + 1);
    await transaction.sendOffsets({
      consumerGroupId: 'group',
      topics: [{ topic: 'in', partitions: [{ partition: 0, offset: String(n) }] }],
    });
    cluster.moveTransactionCoordinator(transactionalId, ((n + 1) % 3) + 1);
    await transaction.commit();
  }
  t.is(cluster.endOffset('out', 0), 12, 'six records, and a marker after each');
  t.is(cluster.committed('group')[0]?.offset, 5);
});

test('a group that waits at a node learns that its coordinator is another one again', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2 });
  const groupId = ['a', 'b', 'c', 'd'].find((id) => cluster.coordinatorOf(id) === 2) ?? '';
  await cluster.stopNode(2);
  t.is(cluster.coordinatorOf(groupId), 1);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const other = await RawClient.open(t, present(cluster.brokers[0]));
  const { memberId, generation } = await joinAnew(client, groupId);
  t.is((await sync(client, groupId, { memberId, generation }, { [memberId]: 'all' })).code, 0);
  // It waits for the first one to join again.
  const waiting = joinAnew(other, groupId);
  while ((await heartbeat(client, groupId, { memberId, generation })) !== 27);
  await cluster.startNode(2);
  t.is((await waiting).code, 16);
  t.is((await join(client, groupId, { memberId })).code, 16);
});
