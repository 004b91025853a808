import type { Assignment } from '../assignment/assignment.ts';
import type { Config } from '../config/config.ts';
import type { RunContext } from '../config/run-context.ts';
import type { DecidedPosition, Delivery } from '../delivery/delivery.ts';
import type { KafkaClient, TopicDescription } from '../kafka/client.ts';
import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { OutOfRange } from '../kafka/source.ts';
import { AssignmentError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { someOf } from '../kernel/some-of.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import { resetPosition } from './reset-position.ts';

/** Where one topic-partition starts and, in a bounded run, ends. */
export interface PlannedPartition extends DecidedPosition {
  /** Whether the group had committed an offset for it. */
  readonly hadCommit: boolean;
  /** Whether the committed offset was no longer in the log and the policy chose another. */
  readonly wasReset: boolean;
  /** The offset at which a bounded run ends; undefined in a run without end. */
  readonly end: number | undefined;
  readonly highWatermark: number;
  /** The end of now that the isolation can see. */
  readonly visibleEnd: number;
  /** Undefined where the brokers do not report it. */
  readonly topicId: string | undefined;
}

/** What a start plan is made for. */
export interface StartQuestion {
  readonly partitions: readonly TopicPartition[];
  /** Whether the run ends at the ends of now. */
  readonly isBounded: boolean;
  /** The input topics, as the cluster describes them now. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly topicIds: Pick<Assignment, 'topicIdOf'>;
}

/**
 * Decides where each topic-partition starts: at its committed offset, else at `initialOffset`; a
 * committed offset that is no longer in the log is `onOffsetOutOfRange`'s to decide. In a bounded
 * run also where it ends: at the end of now, as the isolation sees it.
 */
export async function planStart(
  { config, client, logger }: Pick<RunContext, 'config' | 'client' | 'logger'>,
  delivery: Pick<Delivery, 'open'>,
  { partitions, isBounded, topics, topicIds }: StartQuestion,
): Promise<PlannedPartition[]> {
  const [committed, earliest, highWatermarks, ends] = await Promise.all([
    delivery.open(partitions),
    client.listOffsets('earliest', partitions, 'read_uncommitted'),
    client.listOffsets('latest', partitions, 'read_uncommitted'),
    client.listOffsets('latest', partitions, config.isolation),
  ]);
  const truncated = await findTruncated(client, committed, logger);
  return partitions.map(({ topic, partition }, at) => {
    const topicId = topics.get(topic)?.topicId;
    const first = offsetAt(earliest, at, topic);
    const highWatermark = offsetAt(highWatermarks, at, topic);
    const end = offsetAt(ends, at, topic);
    const commit = committed[at];
    let offset = commit?.offset ?? (config.initialOffset === 'earliest' ? first : end);
    const reason =
      commit?.offset === undefined
        ? undefined
        : whyNotThere({ before: topicIds.topicIdOf(commit), now: topicId }, truncated.has(keyOf(commit)));
    const wasReset = reason !== undefined || offset < first || offset > highWatermark;
    if (wasReset) {
      const range = { earliest: first, latest: highWatermark };
      offset = resetPosition(config, { topic, partition, offset, ...range, reason });
    }
    return {
      topic,
      partition,
      offset,
      leaderEpoch: wasReset ? -1 : (commit?.leaderEpoch ?? -1),
      hadCommit: commit?.offset !== undefined,
      wasReset,
      isCommitted: commit?.offset !== undefined && !wasReset,
      end: isBounded ? end : undefined,
      highWatermark,
      visibleEnd: end,
      topicId,
    };
  });
}

/**
 * The committed offsets, by `topic/partition`, before which the log was cut: a record that was read
 * before, of the epoch that was committed with it, is not there any more, and other records may
 * stand at its offset.
 */
async function findTruncated(
  client: KafkaClient,
  committed: readonly CommittedOffset[],
  log: Logger,
): Promise<ReadonlySet<string>> {
  const positions = committed.flatMap(({ topic, partition, offset, leaderEpoch }) =>
    offset === undefined || leaderEpoch < 0 ? [] : [{ topic, partition, offset, leaderEpoch }],
  );
  const truncated = new Set<string>();
  if (positions.length === 0) return truncated;
  const ends = await client.leaderEpochEnds(positions);
  if (ends === undefined) {
    log.warn(
      'The brokers do not serve OffsetForLeaderEpoch: it cannot be noticed when a log was truncated and has grown past the committed offset again',
    );
    return truncated;
  }
  positions.forEach(({ topic, partition, offset }, at) => {
    if ((ends[at]?.endOffset ?? -1) < offset) truncated.add(keyOf({ topic, partition }));
  });
  return truncated;
}

function whyNotThere(
  topicId: { readonly before: string | undefined; readonly now: string | undefined },
  isTruncated: boolean,
): OutOfRange['reason'] {
  const { before, now } = topicId;
  if (before !== undefined && now !== undefined && before !== now) return 'recreated';
  return isTruncated ? 'truncated' : undefined;
}

/** Says which partitions start elsewhere than where they were left, and which end early. */
export function logPlan(config: Config, plan: readonly PlannedPartition[], log: Logger): void {
  const name = ({ topic, partition, offset }: PlannedPartition) => `${topic}/${partition} at ${offset}`;
  const fresh = plan.filter(({ hadCommit }) => !hadCommit);
  if (fresh.length > 0) {
    log.info(`No committed offset; starting at '${config.initialOffset}'`, {
      partitions: someOf(fresh.map(name)),
    });
  }
  const reset = plan.filter(({ wasReset }) => wasReset);
  if (reset.length > 0) {
    log.warn(`Committed offset out of range; continuing at '${config.onOffsetOutOfRange}'`, {
      partitions: someOf(reset.map(name)),
    });
  }
  const open = plan.filter(({ end, highWatermark }) => end !== undefined && end < highWatermark);
  if (open.length > 0) {
    log.warn('An open transaction holds back the end of this run', { partitions: someOf(open.map(name)) });
  }
}

function offsetAt(offsets: readonly { offset: number }[], at: number, topic: string): number {
  const found = offsets[at]?.offset;
  if (found === undefined)
    throw new AssignmentError(`ListOffsets gave no offset for a partition of topic '${topic}'`);
  return found;
}
