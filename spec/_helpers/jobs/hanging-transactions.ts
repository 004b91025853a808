import type { ExecutionContext } from 'ava';
import { RawClient } from '../raw/raw-client.ts';
import { present } from '../raw/present.ts';
import { listOffset } from '../raw/raw-topics.ts';
import {
  initialized,
  newTransactionalId,
  produceInTransaction,
  type Owner,
  type RawTransaction,
} from '../raw/raw-transactions.ts';
import { kafkaTool } from '../servers/kafka-tools.ts';
import type { ClusterWithTools } from '../servers/services.ts';

/** Before its record is written, and after: what makes the transaction hang. */
export interface Hanging {
  readonly before?: (transaction: RawTransaction, owner: Owner) => Promise<unknown>;
  readonly after?: (transaction: RawTransaction) => Promise<unknown>;
}

/**
 * Makes a transaction hang in a topic with one partition, on a cluster of one broker, whose coordinator
 * knows nothing of it; then Kafka's TransactionsCommand must find it and end it.
 */
export async function findsAndAborts(
  t: ExecutionContext,
  tools: ClusterWithTools,
  topic: string,
  { before, after }: Hanging,
): Promise<void> {
  const address = present(tools.brokers[0]);
  const run = (...args: readonly string[]) =>
    kafkaTool(tools, 'org.apache.kafka.tools.TransactionsCommand', args);
  const find = () => run('find-hanging', '--broker-id', '1', '--max-transaction-timeout', '0');
  const transaction = await newTransactionalId(t, tools.brokers);
  const owner = await initialized(transaction, { timeoutMs: 600_000 });
  await before?.(transaction, owner);
  const leader = await RawClient.open(t, address);
  t.deepEqual(await produceInTransaction(leader, transaction.id, topic, owner), [0, 0]);
  await after?.(transaction);
  const stable = async () => (await listOffset(leader, topic, -1, { isolation: 1 })).offset;

  t.is(await stable(), 0);
  t.regex(await find(), new RegExp(`${topic}\\s+0\\s`));
  await run('abort', '--topic', topic, '--partition', '0', '--start-offset', '0');
  t.notRegex(await find(), new RegExp(topic));
  t.is(await stable(), 2, 'the record, and the marker');
}
