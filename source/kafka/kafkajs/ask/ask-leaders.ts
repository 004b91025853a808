import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { BrokerLink } from '../connection/broker-link.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { inParts } from './in-parts.ts';
import { keyOf, listPartitions, type TopicPartition } from '../../../kernel/topic-partition.ts';

export interface AskLeadersOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client or its part is closed. */
  readonly signal: AbortSignal;
}

/** An entry, with the epoch of the leader that is asked; -1 if it is not known. */
export type AskedEntry<Entry> = Entry & { readonly currentLeaderEpoch: number };

/**
 * Asks the leaders of partitions, all of one leader in one request, or in several one after the
 * other where there are thousands. Each partition is judged alone: those that failed are asked
 * again, at their leader of then.
 *
 * @returns the answers, in the order of `entries`
 * @throws BrokerError, ConnectionError, TimeoutError that name the partitions
 */
export async function askLeaders<
  Entry extends TopicPartition,
  Answer extends TopicPartition & { readonly errorCode: number },
>(
  cluster: ClusterConnection,
  apiName: string,
  entries: readonly Entry[],
  request: (entries: readonly AskedEntry<Entry>[], link: BrokerLink) => RawRequest<Answer[]>,
  options: AskLeadersOptions,
): Promise<Answer[]> {
  const answers = new Map<Entry, Answer>();
  let pending = entries;
  let refresh = false;
  await retryLoop(
    cluster,
    { timeoutMs: options.retryTimeoutMs, what: apiName, kind: 'ask', signal: options.signal },
    async () => {
      if (refresh || pending.some((entry) => cluster.leaderOf(entry) === undefined))
        await cluster.refresh(new Set(pending.map(({ topic }) => topic)));
      refresh = true;
      const failures: KasperError[] = [];
      await Promise.all(
        groupByLeader(cluster, pending, failures).map(async ([nodeId, group]) => {
          try {
            for (const part of inParts(group)) await askLeader(nodeId, part, failures);
          } catch (thrown) {
            failures.push(wrapError(thrown, `${apiName} of ${listPartitions(group)}`));
          }
        }),
      );
      pending = pending.filter((entry) => !answers.has(entry));
      const failure = failures.find(({ retriable }) => !retriable) ?? failures[0];
      if (failure !== undefined) throw failure;
    },
  );
  return entries.map((entry) => answers.get(entry) as Answer);

  async function askLeader(nodeId: number, group: readonly Entry[], failures: KasperError[]): Promise<void> {
    const asked = group.map((entry) => ({
      ...entry,
      currentLeaderEpoch: cluster.leaderOf(entry)?.epoch ?? -1,
    }));
    const link = await cluster.link(nodeId);
    const answer = await link.call(request(asked, link), { ms: cluster.deadlines.requestMs });
    const found = new PartitionAnswers(answer);
    for (const entry of group) {
      const what = `${apiName} of ${keyOf(entry)} at broker ${nodeId}`;
      const each = found.of(entry);
      if (each === undefined) failures.push(missingAnswer(what));
      else if (each.errorCode !== ErrorCodes.NONE) failures.push(brokerError(each.errorCode, what));
      else answers.set(entry, each);
    }
  }
}

function groupByLeader<Entry extends TopicPartition>(
  cluster: ClusterConnection,
  pending: readonly Entry[],
  failures: KasperError[],
): [nodeId: number, group: Entry[]][] {
  const groups = new Map<number, Entry[]>();
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

/**
 * Why a partition has no leader, from the last metadata: unknown topic or partition, no access, or
 * none elected.
 */
export function noLeader(cluster: ClusterConnection, { topic, partition }: TopicPartition): BrokerError {
  const metadata = cluster.topic(topic);
  const what = `Metadata of ${topic}/${partition}`;
  if (metadata !== undefined && metadata.errorCode !== ErrorCodes.NONE)
    return brokerError(metadata.errorCode, what);
  const entry = metadata?.partitions.get(partition);
  return brokerError(
    entry === undefined ? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION : ErrorCodes.LEADER_NOT_AVAILABLE,
    what,
  );
}

/** The answer does not name a partition that the broker was asked for. */
export function missingAnswer(what: string): BrokerError {
  return new BrokerError(`${what}: the answer does not name this partition`, {
    brokerCode: ErrorCodes.UNKNOWN_SERVER_ERROR,
    brokerError: 'MISSING_IN_ANSWER',
    retriable: true,
  });
}

/** An API that older brokers do not serve. */
export interface NewerApi {
  readonly name: string;
  readonly key: number;
  readonly version: number;
}

/**
 * As {@link askLeaders}, for an API that older brokers do not serve: they cut the connection at a
 * request that they do not know, so they are not asked then.
 *
 * @returns undefined if a broker does not serve it
 */
export async function askLeadersIfServed<
  Entry extends TopicPartition,
  Answer extends TopicPartition & { readonly errorCode: number },
>(
  cluster: ClusterConnection,
  { name, key, version }: NewerApi,
  entries: readonly Entry[],
  request: (entries: readonly AskedEntry<Entry>[]) => RawRequest<Answer[]>,
  options: AskLeadersOptions,
): Promise<Answer[] | undefined> {
  const checked = (asked: readonly AskedEntry<Entry>[], link: BrokerLink) => {
    if (link.serves(key, version)) return request(asked);
    throw new BrokerError(`Broker ${link.address} does not serve ${name}`, {
      brokerCode: ErrorCodes.UNSUPPORTED_VERSION,
      brokerError: 'UNSUPPORTED_VERSION',
      retriable: false,
    });
  };
  try {
    return await askLeaders(cluster, name, entries, checked, options);
  } catch (error) {
    if (error instanceof BrokerError && error.brokerCode === ErrorCodes.UNSUPPORTED_VERSION) return undefined;
    throw error;
  }
}
