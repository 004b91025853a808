import { ErrorCodes } from '../../wire/error-codes.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import { ConnectionError } from '../../../kernel/errors.ts';
import type { NewTopic, TopicDescription } from '../../client.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { brokerError, brokerErrorKind } from '../protocol/broker-errors.ts';
import { createTopicsRequest } from '../protocol/create-topics.ts';
import { retryLoop } from '../connection/retry-loop.ts';

export interface TopicsOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client or its part is closed. */
  readonly signal: AbortSignal;
}

/** Describes topics (Metadata); those that do not exist are left out. */
export async function topicDescriptions(
  cluster: ClusterConnection,
  topics: readonly string[],
  options: TopicsOptions,
): Promise<Map<string, TopicDescription>> {
  const described = new Map<string, TopicDescription>();
  if (topics.length === 0) return described;
  await retryLoop(
    cluster,
    { timeoutMs: options.retryTimeoutMs, what: 'Metadata', kind: 'ask', signal: options.signal },
    async () => {
      await cluster.refresh(topics);
      for (const topic of topics) {
        const found = cluster.topic(topic);
        const errorCode = found?.errorCode ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
        if (errorCode === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue;
        if (found === undefined || errorCode !== ErrorCodes.NONE)
          throw brokerError(errorCode, `Metadata of topic ${topic}`);
        described.set(topic, { topic, topicId: found.topicId, partitionCount: found.partitions.size });
      }
    },
  );
  return described;
}

/**
 * Creates topics at the controller and waits until each partition has a leader. Returns the names
 * that were created.
 */
export async function createTopics(
  cluster: ClusterConnection,
  topics: readonly NewTopic[],
  options: TopicsOptions,
): Promise<string[]> {
  if (topics.length === 0) return [];
  const { deadlines } = cluster;
  const retry = { timeoutMs: options.retryTimeoutMs, kind: 'ask', signal: options.signal } as const;
  const created: string[] = [];
  let left = [...topics];
  await retryLoop(cluster, { ...retry, what: 'CreateTopics' }, async () => {
    if (cluster.controllerId < 0) await cluster.refresh([]);
    const nodeId = cluster.controllerId;
    if (nodeId < 0) throw new ConnectionError('The cluster has no controller now', { retriable: true });
    const request = createTopicsRequest(left, deadlines.requestMs);
    const answer = await cluster
      .call(nodeId, request, { ms: deadlines.requestMs * 2 })
      .catch(forgetController);
    let failed: KasperError | undefined;
    for (const { topic, errorCode, errorMessage } of answer) {
      if (errorCode === ErrorCodes.NONE) created.push(topic);
      if (errorCode === ErrorCodes.NONE || errorCode === ErrorCodes.TOPIC_ALREADY_EXISTS)
        left = left.filter((entry) => entry.topic !== topic);
      else failed ??= brokerError(errorCode, `CreateTopics of ${topic}`, errorMessage);
      if (brokerErrorKind(errorCode).refresh === true) await cluster.refresh([]);
    }
    if (failed !== undefined) throw failed;
  });
  const names = topics.map(({ topic }) => topic);
  await retryLoop(cluster, { ...retry, what: 'Metadata of new topics' }, async () => {
    await cluster.refresh(names);
    for (const name of names) {
      const found = cluster.topic(name);
      const errorCode = found?.errorCode ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      if (found === undefined || errorCode !== ErrorCodes.NONE)
        throw brokerError(errorCode, `Metadata of new topic ${name}`);
      const leaderless = [...found.partitions.values()].find(({ leader }) => leader < 0);
      if (leaderless !== undefined)
        throw brokerError(
          ErrorCodes.LEADER_NOT_AVAILABLE,
          `Metadata of new topic ${name}/${leaderless.partition}`,
        );
    }
  });
  return created;

  async function forgetController(error: unknown): Promise<never> {
    await cluster.refresh([]);
    throw error;
  }
}
