import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import type { OpenTransaction } from '../../admin.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import {
  DESCRIBE_PRODUCERS,
  DESCRIBE_PRODUCERS_VERSION,
  describeProducersRequest,
} from '../protocol/describe-producers.ts';
import { askLeadersIfServed, type AskLeadersOptions } from './ask-leaders.ts';

/**
 * Asks the leaders whose transactions are open (DescribeProducers).
 *
 * @returns undefined if a broker does not serve that request
 * @throws BrokerError, ConnectionError, TimeoutError that name the partitions
 */
export async function lookUpOpenTransactions(
  cluster: ClusterConnection,
  partitions: readonly TopicPartition[],
  options: AskLeadersOptions,
): Promise<OpenTransaction[] | undefined> {
  const api = { name: 'DescribeProducers', key: DESCRIBE_PRODUCERS, version: DESCRIBE_PRODUCERS_VERSION };
  const answers = await askLeadersIfServed(cluster, api, partitions, describeProducersRequest, options);
  return answers?.flatMap(({ topic, partition, producers }) =>
    producers
      .filter(({ transactionStart }) => transactionStart >= 0)
      .map(({ producerId, transactionStart, lastTimestamp }) => ({
        topic,
        partition,
        producerId,
        firstOffset: transactionStart,
        lastWriteAt: lastTimestamp < 0 ? undefined : lastTimestamp,
      }))
      .sort((a, b) => a.firstOffset - b.firstOffset),
  );
}
