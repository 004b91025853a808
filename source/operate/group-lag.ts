import type { OpenTransaction } from '../kafka/admin.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { Isolation, PartitionOffset } from '../kafka/log-position.ts';
import { KasperError } from '../kernel/errors.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import { checkGroup } from './check-selection.ts';
import { groupClaims, type ClaimInfo, type GroupClaimsOptions, type PartitionClaim } from './group-claims.ts';
import { selectPartitions, type GroupSelection, type SelectedPartition } from './group-partitions.ts';

/**
 * Why a start would not continue at the committed offset: records before the start of the log were
 * deleted unread (`before-start`), the log ends before it (`past-end`), or it is of a topic that
 * was deleted and recreated since (`recreated`, by the topic id in the claim).
 */
export type OffsetProblem = 'before-start' | 'past-end' | 'recreated';

/** What readers of committed records do not see yet, since a transaction before it is open. */
export interface HeldBackRecords {
  /** Offsets from the last stable offset to the high watermark. */
  readonly records: number;
  /**
   * The open transactions, the oldest first; empty where brokers do not say (before Kafka 2.8, or to
   * this user).
   */
  readonly transactions: readonly Omit<OpenTransaction, keyof TopicPartition>[];
}

/** How far a group has come in one partition. */
export interface PartitionLag extends TopicPartition {
  /** The next offset to process; undefined where nothing was committed. */
  readonly committedOffset: number | undefined;
  /** Leader epoch of the last record before it; undefined where that is not known. */
  readonly leaderEpoch: number | undefined;
  /** What was stored beside the offset; the option `commitMetadata`. */
  readonly metadata: string;
  /** The first offset of the log; undefined while the partition has no leader. */
  readonly startOffset: number | undefined;
  /** Its end, as the isolation sees it; undefined while the partition has no leader. */
  readonly endOffset: number | undefined;
  /**
   * Offsets from the committed one, or from the start of the log if that is later, to the end.
   * Transaction markers and what compaction removed count too. Undefined where one of them is not
   * known.
   */
  readonly lag: number | undefined;
  readonly problem: OffsetProblem | undefined;
  /**
   * Set while a transaction is open; not for 'read_uncommitted', which reads on. One that stays
   * open is that of a producer which is gone, or does not commit.
   */
  readonly heldBack: HeldBackRecords | undefined;
  /** Who has claimed the partition; undefined if nobody has, or claims were not asked for. */
  readonly claim: ClaimInfo | undefined;
}

/** How far a group has come. */
export interface GroupLag {
  readonly groupId: string;
  readonly isolation: Isolation;
  /** The sum of what is known. */
  readonly totalLag: number;
  /** Sorted by topic and partition. */
  readonly partitions: readonly PartitionLag[];
  /** Committed offsets of partitions that do not exist any more. */
  readonly gone: readonly (TopicPartition & { readonly committedOffset: number })[];
  /**
   * Why the claims could not be read, such as missing access rights; nothing is known of owners
   * then.
   */
  readonly claimsError: KasperError | undefined;
}

/** What {@link groupLag} looks at. */
export interface GroupLagOptions extends GroupSelection, GroupClaimsOptions {
  /**
   * Whether the end is the last stable offset ('read_committed', the default) or the high
   * watermark.
   */
  readonly isolation?: Isolation;
  /** Whether the owners are looked for, which takes some 3 seconds while they run. Default true. */
  readonly claims?: boolean;
}

/**
 * How far a consumer group is behind (OffsetFetch, Metadata, ListOffsets), and who works on it.
 * Changes nothing.
 *
 * @param groupId of a job: `groupIdOf(topicProcessorName)`
 * @throws ConfigError for topics or partitions that never existed, and for a group that has
 *   committed nothing if no topics are named
 * @throws BrokerError, ConnectionError or TimeoutError
 */
export async function groupLag(
  client: KafkaClient,
  groupId: string,
  options: GroupLagOptions = {},
): Promise<GroupLag> {
  checkGroup('groupLag', client, groupId, options);
  const { isolation = 'read_committed', claims = true } = options;
  const [{ positions, gone }, found] = await Promise.all([
    readPositions(client, groupId, { ...options, isolation }),
    claims ? readClaims(client, groupId, options) : [],
  ]);
  const open = await openTransactions(client, positions);
  const byKey = new Map(Array.isArray(found) ? found.map((claim) => [keyOf(claim), claim]) : []);
  const partitions = positions.map((position) => {
    const key = keyOf(position.selected);
    return lagOf(position, { claim: byKey.get(key), open: open.get(key) ?? [] });
  });
  return {
    groupId,
    isolation,
    totalLag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    partitions,
    gone: gone.map(({ topic, partition, offset }) => ({ topic, partition, committedOffset: offset })),
    claimsError: Array.isArray(found) ? undefined : found,
  };
}

interface Position {
  readonly selected: SelectedPartition;
  readonly start: number | undefined;
  /** As the isolation sees it. */
  readonly end: number | undefined;
  /** The high watermark: beyond it is out of range. */
  readonly last: number | undefined;
}

async function readPositions(
  client: KafkaClient,
  groupId: string,
  { isolation, ...selection }: GroupSelection & { readonly isolation: Isolation },
): Promise<{ positions: Position[]; gone: readonly (CommittedOffset & PartitionOffset)[] }> {
  // The ends are read after the commits, so that no lag is below zero.
  const { partitions, gone } = await selectPartitions(client, groupId, selection);
  const led = partitions.filter(({ hasLeader }) => hasLeader);
  const [starts, ends, lasts] = await Promise.all([
    client.listOffsets('earliest', led, 'read_uncommitted'),
    client.listOffsets('latest', led, isolation),
    client.listOffsets('latest', led, 'read_uncommitted'),
  ]);
  const at = new Map(led.map((partition, index) => [partition, index]));
  const positions = partitions.map((selected): Position => {
    const index = at.get(selected) ?? -1;
    return {
      selected,
      start: starts[index]?.offset,
      end: ends[index]?.offset,
      last: lasts[index]?.offset,
    };
  });
  return { positions, gone };
}

/** Users who may not read the claims can still see the lag. */
async function readClaims(
  client: KafkaClient,
  groupId: string,
  options: GroupClaimsOptions,
): Promise<PartitionClaim[] | KasperError> {
  try {
    return await groupClaims(client, groupId, options);
  } catch (error) {
    if (KasperError.is(error) && error.code === 'BROKER') return error;
    throw error;
  }
}

/** Whose transactions are open, by partition; empty where that is not known. */
async function openTransactions(
  client: KafkaClient,
  positions: readonly Position[],
): Promise<ReadonlyMap<string, readonly OpenTransaction[]>> {
  const held = positions.filter((position) => heldBackRecords(position) > 0);
  const byKey = new Map<string, OpenTransaction[]>(held.map(({ selected }) => [keyOf(selected), []]));
  if (held.length === 0) return byKey;
  try {
    const open = await client.admin().openTransactions(held.map(({ selected }) => selected));
    for (const each of open ?? []) byKey.get(keyOf(each))?.push(each);
  } catch (error) {
    // That something is held back is known all the same.
    if (!KasperError.is(error) || error.code !== 'BROKER') throw error;
  }
  return byKey;
}

/** With 'read_uncommitted' the end is the high watermark. */
function heldBackRecords({ end, last }: Position): number {
  return end === undefined || last === undefined ? 0 : Math.max(0, last - end);
}

interface FoundOut {
  readonly claim: PartitionClaim | undefined;
  readonly open: readonly OpenTransaction[];
}

function lagOf(position: Position, { claim, open }: FoundOut): PartitionLag {
  const { selected, start, end, last } = position;
  const { topic, partition, topicId, committed } = selected;
  const committedOffset = committed?.offset;
  const isRecreated = committedOffset !== undefined && isOther(claim?.topicId, topicId);
  const isKnown = committedOffset !== undefined && start !== undefined && end !== undefined;
  return {
    topic,
    partition,
    committedOffset,
    leaderEpoch: committed === undefined || committed.leaderEpoch < 0 ? undefined : committed.leaderEpoch,
    metadata: committed?.metadata ?? '',
    startOffset: start,
    endOffset: end,
    lag: isKnown ? Math.max(0, end - Math.max(committedOffset, start)) : undefined,
    problem: isRecreated ? 'recreated' : problemOf(committedOffset, start, last),
    heldBack: heldBackOf(heldBackRecords(position), open),
    claim: claim === undefined ? undefined : infoOf(claim),
  };
}

function heldBackOf(records: number, open: readonly OpenTransaction[]): HeldBackRecords | undefined {
  if (records === 0) return undefined;
  const transactions = open.map(({ producerId, firstOffset, lastWriteAt }) => ({
    producerId,
    firstOffset,
    lastWriteAt,
  }));
  return { records, transactions };
}

function problemOf(
  committedOffset: number | undefined,
  start: number | undefined,
  last: number | undefined,
): OffsetProblem | undefined {
  if (committedOffset === undefined) return undefined;
  if (start !== undefined && committedOffset < start) return 'before-start';
  return last !== undefined && committedOffset > last ? 'past-end' : undefined;
}

function isOther(claimed: string | undefined, now: string | undefined): boolean {
  return claimed !== undefined && now !== undefined && claimed !== now;
}

function infoOf({ state, host, pid, instanceId, startedAt, topicId }: PartitionClaim): ClaimInfo {
  return { state, host, pid, instanceId, startedAt, topicId };
}
