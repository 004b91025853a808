import type { Config } from '../config/config.ts';
import { AssignmentError } from '../kernel/errors.ts';
import type {
  CommittedOffset,
  GroupOffsets,
  KafkaClient,
  OutOfRange,
  StartPosition,
  TopicDescription,
} from '../kafka/client.ts';
import type { Logger } from '../kernel/logger.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import { assignedPartitions } from '../assignment/static/assigned-partitions.ts';
import { resetPosition } from './reset-position.ts';

/** Where one topic-partition starts and, in a bounded run, ends. */
export interface PlannedPartition extends StartPosition {
  /** Whether the group had committed an offset for it. */
  readonly hadCommit: boolean;
  /** Whether the committed offset was no longer in the log and the policy chose another. */
  readonly wasReset: boolean;
  /** The offset at which a bounded run ends; undefined in a run without end. */
  readonly end: number | undefined;
  readonly highWatermark: number;
  /** The end of now that the isolation can see. */
  readonly visibleEnd: number;
  /** Undefined where the brokers do not tell. */
  readonly topicId: string | undefined;
}

/** What there is to know of the input topics before positions are decided. */
export interface KnownTopics {
  /** As the cluster describes them now. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** The id of the topic in which the committed offset is known to be: another id now means that the topic was made anew since. */
  readonly committedIn?: (topic: string, partition: number) => string | undefined;
}

/**
 * Decides where each topic-partition starts: at its committed offset, else at `initialOffset`; a committed offset that is no longer in the log is
 * `onOffsetOutOfRange`'s to decide. In a bounded run also where it ends: at the end of now, as the isolation sees it.
 */
export async function planStart(
  config: Config,
  client: KafkaClient,
  offsets: GroupOffsets,
  bounded: boolean,
  known: KnownTopics,
  log: Logger,
): Promise<PlannedPartition[]> {
  const partitions = assignedPartitions(config);
  const [committed, earliest, highWatermarks, ends] = await Promise.all([
    offsets.fetch(partitions),
    client.listOffsets('earliest', partitions, 'read_uncommitted'),
    client.listOffsets('latest', partitions, 'read_uncommitted'),
    client.listOffsets('latest', partitions, config.isolation),
  ]);
  const truncated = await findTruncated(client, committed, log);
  return partitions.map(({ topic, partition }, at) => {
    const topicId = known.topics.get(topic)?.topicId;
    const first = offsetAt(earliest, at, 'ListOffsets', topic);
    const highWatermark = offsetAt(highWatermarks, at, 'ListOffsets', topic);
    const end = offsetAt(ends, at, 'ListOffsets', topic);
    const commit = committed[at];
    let offset = commit?.offset ?? (config.initialOffset === 'earliest' ? first : end);
    const reason = commit?.offset === undefined ? undefined : whyNotThere(commit, topicId, known, truncated);
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
      end: bounded ? end : undefined,
      highWatermark,
      visibleEnd: end,
      topicId,
    };
  });
}

/**
 * The committed offsets, by `topic/partition`, before which the log was cut: a record that was read before, of the epoch that was committed with it, is not
 * there any more, and other records may stand at its offset.
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
    if ((ends[at]?.endOffset ?? -1) < offset) truncated.add(`${topic}/${partition}`);
  });
  return truncated;
}

function whyNotThere(
  { topic, partition }: TopicPartition,
  topicId: string | undefined,
  known: KnownTopics,
  truncated: ReadonlySet<string>,
): OutOfRange['reason'] {
  const before = known.committedIn?.(topic, partition);
  if (before !== undefined && topicId !== undefined && before !== topicId) return 'recreated';
  return truncated.has(`${topic}/${partition}`) ? 'truncated' : undefined;
}

/** Says which partitions start elsewhere than where they were left, and which end early. */
export function logPlan(config: Config, plan: readonly PlannedPartition[], log: Logger): void {
  const name = ({ topic, partition, offset }: PlannedPartition) => `${topic}/${partition} at ${offset}`;
  const fresh = plan.filter(({ hadCommit }) => !hadCommit);
  if (fresh.length > 0) {
    log.info(`No committed offset; starting at '${config.initialOffset}'`, { partitions: fresh.map(name) });
  }
  const reset = plan.filter(({ wasReset }) => wasReset);
  if (reset.length > 0) {
    log.warn(`Committed offset out of range; going on at '${config.onOffsetOutOfRange}'`, {
      partitions: reset.map(name),
    });
  }
  const open = plan.filter(({ end, highWatermark }) => end !== undefined && end < highWatermark);
  if (open.length > 0) {
    log.warn('An open transaction holds back the end of this run', { partitions: open.map(name) });
  }
}

function offsetAt(
  offsets: readonly { offset: number }[],
  at: number,
  request: string,
  topic: string,
): number {
  const found = offsets[at]?.offset;
  if (found === undefined)
    throw new AssignmentError(`${request} gave no offset for a partition of topic '${topic}'`);
  return found;
}
