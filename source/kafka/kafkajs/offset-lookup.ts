import { BrokerError } from '../../kernel/errors.ts';
import type { KasperError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../message.ts';
import type { Isolation, OffsetSpec, PartitionOffset } from '../client.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { brokerError } from './protocol/broker-errors.ts';
import { listPartitions } from './protocol/by-topic.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsetsRequest } from './protocol/list-offsets.ts';
import { retryLoop } from './retry-loop.ts';
import { wrapError } from './wrap-error.ts';

interface Pending extends TopicPartition {
  /** Where the result belongs. */
  readonly index: number;
}

export interface OffsetLookupOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client or its part is closed. */
  readonly signal: AbortSignal;
}

/**
 * Asks the leaders for offsets (ListOffsets). Each partition is judged alone: those that failed are asked again, at their leader of then.
 *
 * @throws BrokerError, ConnectionError, TimeoutError that name the partitions
 */
export async function lookUpOffsets(
  cluster: ClusterConnection,
  spec: OffsetSpec,
  partitions: readonly TopicPartition[],
  isolation: Isolation,
  options: OffsetLookupOptions,
): Promise<PartitionOffset[]> {
  const results = new Array<number | undefined>(partitions.length);
  let pending: Pending[] = partitions.map(({ topic, partition }, index) => ({ topic, partition, index }));
  const timestamp = timestampOf(spec);
  let refresh = false;
  await retryLoop(
    cluster.clock,
    { timeoutMs: options.retryTimeoutMs, what: 'ListOffsets', signal: options.signal },
    async () => {
      if (refresh || pending.some((entry) => cluster.leaderOf(entry) === undefined))
        await cluster.refresh(new Set(pending.map(({ topic }) => topic)));
      refresh = true;
      const failures: KasperError[] = [];
      await Promise.all(
        groupByLeader(cluster, pending, failures).map(async ([nodeId, group]) => {
          try {
            await askLeader(nodeId, group);
          } catch (thrown) {
            failures.push(wrapError(thrown, `ListOffsets of ${listPartitions(group)}`));
          }
        }),
      );
      pending = pending.filter(({ index }) => results[index] === undefined);
      const failure = failures.find(({ retriable }) => !retriable) ?? failures[0];
      if (failure !== undefined) throw failure;
    },
  );

  async function askLeader(nodeId: number, group: readonly Pending[]): Promise<void> {
    const entries = group.map((entry) => ({
      ...entry,
      timestamp,
      leaderEpoch: cluster.leaderOf(entry)?.epoch ?? -1,
    }));
    const answer = await cluster.call(
      nodeId,
      listOffsetsRequest(entries, isolation === 'read_committed'),
      cluster.deadlines.requestMs,
    );
    const failed: BrokerError[] = [];
    for (const { topic, partition, index } of group) {
      const what = `ListOffsets of ${topic}/${partition} at broker ${nodeId}`;
      const listed = answer.find((entry) => entry.topic === topic && entry.partition === partition);
      if (listed === undefined) failed.push(missingAnswer(what));
      else if (listed.errorCode !== 0) failed.push(brokerError(listed.errorCode, what));
      else results[index] = listed.offset;
    }
    const failure = failed.find(({ retriable }) => !retriable) ?? failed[0];
    if (failure !== undefined) throw failure;
  }

  const found = partitions.map(({ topic, partition }, index) => ({
    topic,
    partition,
    offset: results[index] ?? -1,
  }));
  const beyondEnd = found.filter(({ offset }) => offset < 0);
  if (beyondEnd.length === 0) return found;
  const ends = await lookUpOffsets(cluster, 'latest', beyondEnd, isolation, options);
  for (const end of ends) {
    const entry = beyondEnd.find(
      ({ topic, partition }) => topic === end.topic && partition === end.partition,
    );
    if (entry !== undefined) entry.offset = end.offset;
  }
  return found;
}

function timestampOf(spec: OffsetSpec): number {
  if (spec === 'earliest') return EARLIEST_TIMESTAMP;
  return spec === 'latest' ? LATEST_TIMESTAMP : spec.timestamp;
}

function groupByLeader(
  cluster: ClusterConnection,
  pending: readonly Pending[],
  failures: KasperError[],
): [nodeId: number, group: Pending[]][] {
  const groups = new Map<number, Pending[]>();
  for (const entry of pending) {
    const leader = cluster.leaderOf(entry);
    if (leader === undefined) {
      failures.push(noLeader(cluster, entry));
      continue;
    }
    const group = groups.get(leader.nodeId);
    if (group === undefined) groups.set(leader.nodeId, [entry]);
    else group.push(entry);
  }
  return [...groups];
}

/** Why a partition has no leader, from the last metadata: unknown topic or partition, no access, or none elected. */
export function noLeader(cluster: ClusterConnection, { topic, partition }: TopicPartition): BrokerError {
  const metadata = cluster.topic(topic);
  const what = `Metadata of ${topic}/${partition}`;
  if (metadata !== undefined && metadata.errorCode !== 0) return brokerError(metadata.errorCode, what);
  const entry = metadata?.partitions.get(partition);
  return brokerError(entry === undefined ? 3 : 5, what);
}

/** The broker did not say a word about a partition that it was asked for. */
export function missingAnswer(what: string): BrokerError {
  return new BrokerError(`${what}: the answer does not name this partition`, {
    brokerCode: -1,
    brokerError: 'MISSING_IN_ANSWER',
    retriable: true,
  });
}
