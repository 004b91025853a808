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
  'CreatePartitions',
  'DeleteGroups',
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
