import { BrokerError } from '../../../kernel/errors.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import type { OpenTransaction } from '../../admin.ts';
import { ErrorCodes } from '../../wire/error-codes.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import {
  DESCRIBE_PRODUCERS,
  DESCRIBE_PRODUCERS_VERSION,
  describeProducersRequest,
} from '../protocol/describe-producers.ts';
import { askLeaders, checkServed, type AskLeadersOptions } from './ask-leaders.ts';

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
  try {
    const answers = await askLeaders(
      cluster,
      'DescribeProducers',
      partitions,
      (asked, link) => {
        checkServed(link, 'DescribeProducers', DESCRIBE_PRODUCERS, DESCRIBE_PRODUCERS_VERSION);
        return describeProducersRequest(asked);
      },
      options,
    );
    return answers.flatMap(({ topic, partition, producers }) =>
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
  } catch (error) {
    if (error instanceof BrokerError && error.brokerCode === ErrorCodes.UNSUPPORTED_VERSION) return undefined;
    throw error;
  }
}
