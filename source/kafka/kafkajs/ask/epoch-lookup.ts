import type { EpochEnd, StartPosition } from '../../log-position.ts';
import { askLeadersIfServed, type AskLeadersOptions } from './ask-leaders.ts';
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
  const api = {
    name: 'OffsetForLeaderEpoch',
    key: OFFSET_FOR_LEADER_EPOCH,
    version: OFFSET_FOR_LEADER_EPOCH_VERSION,
  };
  const answers = await askLeadersIfServed(cluster, api, positions, offsetForLeaderEpochRequest, options);
  return answers?.map(({ topic, partition, endOffset }) => ({
    topic,
    partition,
    endOffset: endOffset < 0 ? undefined : endOffset,
  }));
}
