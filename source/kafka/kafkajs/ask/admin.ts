import { ErrorCodes } from '../../wire/error-codes.ts';
import { checkTopicNames } from '../../../kernel/topic-name.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import type { KafkaAdmin, OpenTransaction, TopicDetails, TopicSettings } from '../../admin.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import type { PartitionOffset } from '../../log-position.ts';
import { askLeaders, missingAnswer } from './ask-leaders.ts';
import { deleteRecordsRequest } from '../protocol/delete-records.ts';
import { lookUpOpenTransactions } from './open-transactions.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { describeConfigsRequest } from '../protocol/describe-configs.ts';
import { listGroupsRequest } from '../protocol/list-groups.ts';
import { metadataRequest, type TopicMetadata } from '../protocol/metadata.ts';
import { retryLoop } from '../connection/retry-loop.ts';

export interface AdminOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
}

/** What an operator asks of a cluster, over kafkajs's connections. */
export class KafkajsAdmin implements KafkaAdmin {
  readonly #connected: () => ClusterConnection;
  readonly #options: AdminOptions;

  /** @param connected gives the connection; throws while there is none */
  constructor(connected: () => ClusterConnection, options: AdminOptions) {
    this.#connected = connected;
    this.#options = options;
  }

  async topicDetails(topics?: readonly string[]): Promise<TopicDetails[]> {
    if (topics !== undefined) checkTopicNames('topicDetails', topics);
    // An empty list would ask for the brokers alone, which is of no use here.
    if (topics?.length === 0) return [];
    const cluster = this.#connected();
    const request = metadataRequest(topics === undefined ? null : [...new Set(topics)]);
    const what = 'Metadata';
    return this.#retry(what, async () => {
      const answer = await cluster.callAny(request, { ms: cluster.deadlines.requestMs });
      const known = answer.topics.filter(
        ({ errorCode }) => errorCode !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      );
      for (const { topic, errorCode } of known)
        if (errorCode !== ErrorCodes.NONE) throw brokerError(errorCode, `${what} of topic ${topic}`);
      return known.map(detailsOf).sort((a, b) => (a.topic < b.topic ? -1 : 1));
    });
  }

  async topicSettings(topics: readonly string[], names: readonly string[]): Promise<TopicSettings[]> {
    checkTopicNames('topicSettings', topics);
    if (topics.length === 0) return [];
    const cluster = this.#connected();
    const answer = await this.#retry('DescribeConfigs', () =>
      cluster.callAny(describeConfigsRequest(topics, names), { ms: cluster.deadlines.requestMs }),
    );
    return topics.map((topic) => {
      const what = `DescribeConfigs of topic ${topic}`;
      const found = answer.find((each) => each.topic === topic);
      if (found === undefined) return { topic, settings: [], error: missingAnswer(what) };
      const { errorCode, errorMessage, settings } = found;
      const error = errorCode === ErrorCodes.NONE ? undefined : brokerError(errorCode, what, errorMessage);
      return { topic, settings, error };
    });
  }

  async listGroups(): Promise<string[]> {
    const cluster = this.#connected();
    const limit = { ms: cluster.deadlines.requestMs };
    const what = 'ListGroups';
    return this.#retry(what, async () => {
      const { brokers } = await cluster.callAny(metadataRequest([]), limit);
      const answers = await Promise.all(
        brokers.map(({ nodeId }) => cluster.call(nodeId, listGroupsRequest(), limit)),
      );
      for (const { errorCode } of answers)
        if (errorCode !== ErrorCodes.NONE) throw brokerError(errorCode, what);
      return [...new Set(answers.flatMap(({ groupIds }) => groupIds))].sort();
    });
  }

  openTransactions(partitions: readonly TopicPartition[]): Promise<OpenTransaction[] | undefined> {
    return lookUpOpenTransactions(this.#connected(), partitions, this.#options);
  }

  async deleteRecords(before: readonly PartitionOffset[]): Promise<PartitionOffset[]> {
    if (before.length === 0) return [];
    const cluster = this.#connected();
    const { requestMs } = cluster.deadlines;
    const request = (entries: readonly PartitionOffset[]) => deleteRecordsRequest(entries, requestMs);
    return askLeaders(cluster, 'DeleteRecords', before, request, this.#options);
  }

  #retry<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { retryTimeoutMs, signal } = this.#options;
    return retryLoop(this.#connected(), { timeoutMs: retryTimeoutMs, what, kind: 'ask', signal }, attempt);
  }
}

function detailsOf({ topic, topicId, internal, partitions }: TopicMetadata): TopicDetails {
  const details = partitions.map(({ partition, leader, replicas, inSyncReplicas }) => ({
    partition,
    leader: leader < 0 ? undefined : leader,
    replicas,
    inSyncReplicas,
  }));
  return { topic, topicId, internal, partitions: details.sort((a, b) => a.partition - b.partition) };
}
