import type { Isolation, OffsetSpec, PartitionOffset } from '../../log-position.ts';
import { askLeaders, type AskLeadersOptions } from './ask-leaders.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsetsRequest } from '../protocol/list-offsets.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

/**
 * Asks the leaders for offsets (ListOffsets).
 *
 * @throws BrokerError, ConnectionError, TimeoutError that name the partitions
 */
export async function lookUpOffsets(
  cluster: ClusterConnection,
  spec: OffsetSpec,
  partitions: readonly TopicPartition[],
  isolation: Isolation,
  options: AskLeadersOptions,
): Promise<PartitionOffset[]> {
  const timestamp = timestampOf(spec);
  const answers = await askLeaders(
    cluster,
    'ListOffsets',
    partitions,
    (asked) =>
      listOffsetsRequest(
        asked.map((entry) => ({ ...entry, timestamp, leaderEpoch: entry.currentLeaderEpoch })),
        isolation === 'read_committed',
      ),
    options,
  );
  const found = answers.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  const beyondEnd = found.filter(({ offset }) => offset < 0);
  if (beyondEnd.length === 0) return found;
  const ends = await lookUpOffsets(cluster, 'latest', beyondEnd, isolation, options);
  beyondEnd.forEach((entry, at) => {
    entry.offset = ends[at]?.offset ?? entry.offset;
  });
  return found;
}

function timestampOf(spec: OffsetSpec): number {
  if (spec === 'earliest') return EARLIEST_TIMESTAMP;
  return spec === 'latest' ? LATEST_TIMESTAMP : spec.timestamp;
}
