import test, { type ExecutionContext } from 'ava';
import { loopTime } from '../../source/embedded/loop-time.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { connectClient } from '../kafka/kafkajs/test-client.ts';
import { initProducerId } from '../_helpers/raw/raw-produce.ts';

/** A producer of kafkajs with an open transaction of one record. */
async function openTransaction(t: ExecutionContext) {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 1 } });
  const transactionalId = uniqueName('writer');
  const producer = kafkajsOn(cluster).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'out', messages: [{ value: 'a' }] });
  const client = await connectClient(t, cluster.brokers);
  const end = async (isolation: 'read_committed' | 'read_uncommitted') => {
    const [found] = await client.listOffsets('latest', [{ topic: 'out', partition: 0 }], isolation);
    return found?.offset;
  };
  return { cluster, transactionalId, producer, transaction, end };
}

test('abortTransaction ends it as when its time is up, and its owner is fenced', async (t) => {
  const { cluster, transactionalId, transaction, end } = await openTransaction(t);
  t.deepEqual([await end('read_committed'), await end('read_uncommitted')], [0, 1]);
  cluster.faults.abortTransaction(transactionalId);
  // The record, and the marker.
  t.is(await end('read_committed'), 2);
  await t.throwsAsync(transaction.commit(), { message: /old epoch|newer producer|fenced/i });
  t.throws(
    () => {
      cluster.faults.abortTransaction(transactionalId);
    },
    { instanceOf: ConfigError, message: /has no open transaction/ },
  );
});

test('fenceTransactionalId takes the id over from its owner', async (t) => {
  const { cluster, transactionalId, transaction, producer, end } = await openTransaction(t);
  cluster.faults.fenceTransactionalId(transactionalId);
  t.is(await end('read_committed'), 2);
  await t.throwsAsync(transaction.commit(), { message: /old epoch|newer producer|fenced/i });
  await t.throwsAsync(async () => {
    const next = await producer.transaction();
    await next.send({ topic: 'out', messages: [{ value: 'b' }] });
  });
  t.is(cluster.endOffset('out', 0), 2);
});

test('fenceTransactionalId takes it over also where its markers are written in a later turn', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const transactionalId = uniqueName('writer');
  const producer = present(
    client.transactionalProducer?.({
      transactionalId,
      transactionTimeoutMs: 60_000,
      commitTimeoutMs: 10_000,
      retryTimeoutMs: 10_000,
      compression: 'none',
    }),
  );
  t.teardown(() => producer.close());
  t.is(await producer.init('newcomer'), undefined);
  t.is(await producer.addPartitions([{ topic: 'out', partition: 0 }]), undefined);
  // So much was done in this turn that the rest waits for the next one.
  while (!loopTime.isUsedUp);
  cluster.faults.fenceTransactionalId(transactionalId);
  t.is((await producer.init('owner'))?.outcome, 'fenced');
});

test('hangTransaction leaves it open in its partitions, where nobody ends it', async (t) => {
  const { cluster, transactionalId, transaction, end } = await openTransaction(t);
  cluster.faults.hangTransaction(transactionalId);
  await t.throwsAsync(transaction.commit(), { message: /transaction/i });
  t.deepEqual([await end('read_committed'), await end('read_uncommitted')], [0, 1]);
});

test('expireTransactionalId makes its owner unknown, but not while a transaction is open', async (t) => {
  const { cluster, transactionalId, producer, transaction } = await openTransaction(t);
  const expire = () => {
    cluster.faults.expireTransactionalId(transactionalId);
  };
  t.throws(expire, { instanceOf: ConfigError, message: /has an open transaction, and cannot expire/ });
  await transaction.commit();
  expire();
  t.throws(expire, { instanceOf: ConfigError, message: /is not known/ });
  const next = await producer.transaction();
  await t.throwsAsync(next.send({ topic: 'out', messages: [{ value: 'b' }] }), {
    message: /not currently assigned|mapping|transactional id/i,
  });
});

test('what is left after a truncation knows of a producer that its last transaction has ended', async (t) => {
  const { cluster, transaction, end } = await openTransaction(t);
  await transaction.commit();
  const raw = await RawClient.open(t, present(cluster.brokers[0]));
  const { code } = await initProducerId(raw);
  t.is(code, 0);
  cluster.faults.truncate('out', 0, 2);
  t.deepEqual([await end('read_committed'), await end('read_uncommitted')], [2, 2]);
  // Without the marker alone, the transaction is open again.
  cluster.faults.truncate('out', 0, 1);
  t.deepEqual([await end('read_committed'), await end('read_uncommitted')], [0, 1]);
});
