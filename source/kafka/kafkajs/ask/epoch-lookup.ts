import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError } from '../../../kernel/errors.ts';
import type { EpochEnd, StartPosition } from '../../log-position.ts';
import { askLeaders, checkServed, type AskLeadersOptions } from './ask-leaders.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import {
  OFFSET_FOR_LEADER_EPOCH,
  OFFSET_FOR_LEADER_EPOCH_VERSION,
  offsetForLeaderEpochRequest,
} from '../protocol/offset-for-leader-epoch.ts';

/**
 * Asks the leaders where the logs of epochs end (OffsetForLeaderEpoch).
 *
 * @returns undefined if a broker does not serve that request
 * @throws BrokerError, ConnectionError, TimeoutError that name the partitions
 */
export async function lookUpEpochEnds(
  cluster: ClusterConnection,
  positions: readonly StartPosition[],
  options: AskLeadersOptions,
): Promise<EpochEnd[] | undefined> {
  try {
    const answers = await askLeaders(
      cluster,
      'OffsetForLeaderEpoch',
      positions,
      (asked, link) => {
        checkServed(link, 'OffsetForLeaderEpoch', OFFSET_FOR_LEADER_EPOCH, OFFSET_FOR_LEADER_EPOCH_VERSION);
        return offsetForLeaderEpochRequest(asked);
      },
      options,
    );
    return answers.map(({ topic, partition, endOffset }) => ({
      topic,
      partition,
      endOffset: endOffset < 0 ? undefined : endOffset,
    }));
  } catch (error) {
    if (error instanceof BrokerError && error.brokerCode === ErrorCodes.UNSUPPORTED_VERSION) return undefined;
    throw error;
  }
}
