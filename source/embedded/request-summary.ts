/** The names of the requests that the embedded cluster serves, as in Kafka's protocol guide. */
export const apiNames = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'FindCoordinator',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'WriteTxnMarkers',
  'TxnOffsetCommit',
  'DescribeConfigs',
  'AlterConfigs',
  'CreatePartitions',
  'DeleteGroups',
  'IncrementalAlterConfigs',
  'OffsetDelete',
  'DescribeProducers',
  'DescribeTransactions',
  'ListTransactions',
] as const;

/** The name of a request, as in Kafka's protocol guide. */
export type ApiName = (typeof apiNames)[number];

/** The topics of a request, with the partitions it names. */
export interface TopicSummary {
  readonly topic: string;
  /** `offset`: in an OffsetCommit, what is to be committed. */
  readonly partitions: readonly { readonly partition: number; readonly offset?: number }[];
}

/**
 * What a request asks for, as far as fault hooks look at it. Which fields are there depends on the
 * API.
 */
export interface RequestSummary {
  readonly groupId?: string;
  readonly memberId?: string;
  readonly transactionalId?: string | null;
  /** Transactional ids of the request that names several. */
  readonly transactionalIds?: readonly string[];
  /** Groups of the requests that name several. */
  readonly groupIds?: readonly string[];
  /** null where all topics are asked for. */
  readonly topics?: readonly TopicSummary[] | null;
  /** Names of the topics and brokers whose configuration is asked for. */
  readonly resources?: readonly { readonly name: string }[];
}

const SHOWN_PARTITIONS = 4;

/** What a request names, in words that do not grow with the number of partitions. */
export function aboutOf(summary: RequestSummary): string {
  const { groupId, memberId, transactionalId, groupIds, topics, resources } = summary;
  const names: string[] = [];
  let more = 0;
  const add = (text: string) => {
    if (names.length < SHOWN_PARTITIONS) names.push(text);
    else more++;
  };
  for (const id of groupIds ?? []) add(id);
  for (const { name } of resources ?? []) add(name);
  for (const { topic, partitions } of topics ?? []) {
    if (partitions.length === 0) add(topic);
    for (const { partition, offset } of partitions) {
      add(offset === undefined ? `${topic}/${partition}` : `${topic}/${partition} at ${offset}`);
    }
  }
  if (more > 0) names.push(`${more} more`);
  return [
    ...(groupId === undefined ? [] : [`group ${groupId}`]),
    ...(memberId === undefined || memberId === '' ? [] : [`member ${memberId}`]),
    ...(transactionalId === undefined || transactionalId === null
      ? []
      : [`transactional id ${transactionalId}`]),
    ...(names.length === 0 ? [] : [names.join(', ')]),
  ].join(', ');
}
