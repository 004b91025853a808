import { CLAIMS_SUFFIX } from '../config/group-names.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { Isolation, OffsetSpec } from '../kafka/log-position.ts';
import { ConfigError } from '../kernel/errors.ts';
import { show } from '../kernel/shown-value.ts';
import { keyOf, listPartitions, type TopicPartition } from '../kernel/topic-partition.ts';
import { checkTarget, type SeekTarget } from '../seek-target.ts';
import { checkGroup } from './check-selection.ts';
import { selectPartitions, type GroupSelection, type SelectedPartition } from './group-partitions.ts';

/**
 * Where committed offsets are set: as for `seek`, or moved by a number of offsets, forwards or,
 * below 0, back. An offset must be in the log, a time past the end gives the end, and a shift stops
 * at either end of the log.
 */
export type ResetTarget = SeekTarget | { readonly shiftBy: number };

/** What a reset would do in one partition. */
export interface PlannedReset extends TopicPartition {
  readonly topicId: string | undefined;
  /** What is committed now; undefined where nothing is. */
  readonly fromOffset: number | undefined;
  readonly toOffset: number;
  /** The ends of the log: its first offset, and the high watermark. */
  readonly startOffset: number;
  readonly endOffset: number;
  /**
   * How many offsets that were done are reprocessed. Transaction markers and what compaction
   * removed count too.
   */
  readonly again: number;
  /** How many offsets that were not done are skipped. */
  readonly skipped: number;
  /** Whether a shift was stopped by an end of the log. */
  readonly clamped: boolean;
}

/** What a reset would do. */
export interface ResetPlan {
  readonly groupId: string;
  /** Sorted by topic and partition; at least one. */
  readonly partitions: readonly PlannedReset[];
  /** Partitions of these topics that are left as they are, since nothing was committed there. */
  readonly withoutCommit: readonly TopicPartition[];
  /** Committed offsets of partitions that do not exist any more; they are left as they are. */
  readonly gone: readonly TopicPartition[];
}

/** Which offsets are set, and which end of the log counts. */
export interface ResetSelection extends GroupSelection {
  /**
   * Which end 'latest' and a time past the end mean: the last stable offset ('read_committed', the
   * default) or the high watermark.
   */
  readonly isolation?: Isolation;
}

/**
 * Finds out what a reset would do (OffsetFetch, Metadata, ListOffsets); changes nothing. Without
 * topics and partitions all committed offsets are meant; with either, also partitions for which
 * nothing was committed.
 *
 * @throws ConfigError that lists all that does not fit: an offset that is not in the log, with both
 *   its ends; an unknown topic; nothing to set
 * @throws BrokerError, ConnectionError or TimeoutError
 */
export async function planOffsetReset(
  client: KafkaClient,
  groupId: string,
  to: ResetTarget,
  selection: ResetSelection = {},
): Promise<ResetPlan> {
  checkGroup('planOffsetReset', client, groupId, selection);
  const target = checkResetTarget(to);
  if (groupId.endsWith(CLAIMS_SUFFIX))
    throw resetError(groupId, ['these are the claims of a job, which only its processors may write']);
  const { topics, partitions: numbers, isolation = 'read_committed' } = selection;
  const { partitions: found, gone } = await selectPartitions(client, groupId, selection);
  const isNamed = topics !== undefined || numbers !== undefined;
  const settable = (each: SelectedPartition) =>
    each.committed !== undefined || (isNamed && !(typeof target === 'object' && 'shiftBy' in target));
  const selected = found.filter(settable);
  const leaderless = selected.filter(({ hasLeader }) => !hasLeader);
  if (leaderless.length > 0)
    throw resetError(groupId, [
      `${listPartitions(leaderless)} ${leaderless.length === 1 ? 'has no leader now: bring its' : 'have no leader now: bring their'} brokers up, then try again`,
    ]);
  if (selected.length === 0) throw resetError(groupId, [nothingToSet(target)]);
  const { planned, problems } = await planEach(client, selected, { target, isolation });
  if (problems.length > 0) throw resetError(groupId, problems);
  return {
    groupId,
    partitions: planned,
    withoutCommit: found.filter((each) => !settable(each)).map(refOf),
    gone: gone.map(refOf),
  };
}

type CheckedTarget = number | OffsetSpec | { readonly shiftBy: number };

/** Checks a value that may come from JavaScript. */
function checkResetTarget(to: unknown): CheckedTarget {
  if (typeof to !== 'object' || to === null || !('shiftBy' in to)) return checkTarget(to, 'Offset reset');
  const { shiftBy } = to;
  if (typeof shiftBy === 'number' && Number.isSafeInteger(shiftBy)) return { shiftBy };
  throw new ConfigError([`shiftBy must be a whole number of offsets, such as -100, not ${show(shiftBy)}`], {
    what: 'Offset reset',
  });
}

async function planEach(
  client: KafkaClient,
  selected: readonly SelectedPartition[],
  { target, isolation }: { readonly target: CheckedTarget; readonly isolation: Isolation },
): Promise<{ planned: PlannedReset[]; problems: string[] }> {
  const isAsked = typeof target !== 'number' && !isShift(target);
  const [starts, ends, asked] = await Promise.all([
    client.listOffsets('earliest', selected, 'read_uncommitted'),
    client.listOffsets('latest', selected, 'read_uncommitted'),
    isAsked ? client.listOffsets(target, selected, isolation) : [],
  ]);
  const problems: string[] = [];
  const planned = selected.map((each, at): PlannedReset => {
    const from = each.committed?.offset;
    const start = starts[at]?.offset ?? 0;
    const end = ends[at]?.offset ?? start;
    let wanted = asked[at]?.offset ?? start;
    if (typeof target === 'number') wanted = target;
    else if (isShift(target)) wanted = (from ?? start) + target.shiftBy;
    const to = Math.min(Math.max(wanted, start), end);
    if (to !== wanted && typeof target === 'number') {
      problems.push(`offset ${wanted} of ${keyOf(each)} is not in the log, which holds ${start} to ${end}`);
    }
    const { topic, partition, topicId } = each;
    return {
      topic,
      partition,
      topicId,
      fromOffset: from,
      toOffset: to,
      startOffset: start,
      endOffset: end,
      again: from === undefined ? 0 : Math.max(0, Math.min(from, end) - to),
      skipped: from === undefined ? 0 : Math.max(0, to - Math.max(from, start)),
      clamped: to !== wanted,
    };
  });
  return { planned, problems };
}

function isShift(target: CheckedTarget): target is { readonly shiftBy: number } {
  return typeof target === 'object' && 'shiftBy' in target;
}

function nothingToSet(target: CheckedTarget): string {
  return isShift(target)
    ? 'nothing is committed in these partitions that could be shifted; set an offset, a time or an end of the log'
    : 'nothing is committed in these partitions; name topics or partitions to set offsets all the same';
}

function resetError(groupId: string, problems: readonly string[]): ConfigError {
  return new ConfigError(problems, { what: `Offsets of group ${groupId}` });
}

function refOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
