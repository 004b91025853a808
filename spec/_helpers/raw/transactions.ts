import type { ExecutionContext } from 'ava';
import type { Producer, Transaction } from 'kafkajs';
import { randomName, type TestCluster } from '../servers/services.ts';
import { clientOf, kafkajsFor } from '../jobs/system-job.ts';
import { until } from '../until.ts';

/**
 * A producer of transactions, disconnected when the spec ends.
 *
 * @param transactionTimeoutMs after which the broker aborts a transaction
 */
export async function transactionalProducer(
  t: ExecutionContext,
  cluster: TestCluster,
  transactionTimeoutMs = 60_000,
): Promise<Producer> {
  const producer = kafkajsFor(cluster).producer({
    transactionalId: randomName('writer'),
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: transactionTimeoutMs,
  });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  return producer;
}

/** Sends texts as values within a transaction. */
export function send(transaction: Transaction, topic: string, texts: readonly string[], partition = 0) {
  return transaction.send({ topic, messages: texts.map((value) => ({ value, partition })) });
}

/**
 * The end of a transaction is acked before its markers are written: until then it still holds
 * readers back.
 */
export async function untilMarked(t: ExecutionContext, cluster: TestCluster, topic: string): Promise<void> {
  const client = await clientOf(t, cluster);
  const at = [{ topic, partition: 0 }];
  const isMarked = async () => {
    const [stable] = await client.listOffsets('latest', at, 'read_committed');
    const [end] = await client.listOffsets('latest', at, 'read_uncommitted');
    return stable?.offset === end?.offset;
  };
  await until(isMarked, { deadlineMs: 20_000, what: `the markers in ${topic}` });
}
