import type { Config } from './config.ts';
import { AssignmentError, ConfigError, OffsetOutOfRangeError } from './kernel/errors.ts';
import type {
  CommittedOffset,
  GroupOffsets,
  KafkaClient,
  OutOfRange,
  StartPosition,
  TopicDescription,
} from './kafka/client.ts';
import type { Logger } from './kernel/logger.ts';
import type { TopicPartition } from './message.ts';

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

/** All topic-partitions of the assignment. */
export function assignedPartitions(config: Config): TopicPartition[] {
  return config.inputPartitions.flatMap((partition) =>
    config.inputTopics.map((topic) => ({ topic, partition })),
  );
}

/**
 * Checks that all input topics exist, with equal partition counts, and have the listed partitions.
 *
 * @throws ConfigError that shows the counts
 */
export function checkTopics(config: Config, found: ReadonlyMap<string, TopicDescription>): void {
  const missing = config.inputTopics.filter((topic) => !found.has(topic));
  if (missing.length > 0) {
    throw new ConfigError(
      [
        `${missing.map((topic) => `'${topic}'`).join(', ')} not found: create the topic, or check its name and the brokers' addresses`,
      ],
      { what: 'inputTopics' },
    );
  }
  const counts = config.inputTopics.map((topic) => ({ topic, count: found.get(topic)?.partitionCount ?? 0 }));
  const listed = counts.map(({ topic, count }) => `${topic} has ${count}`).join(', ');
  if (new Set(counts.map(({ count }) => count)).size > 1) {
    throw new ConfigError(
      [
        `topics that are joined by partition must have equal partition counts, but ${listed}; ` +
          'make the topic anew with the same count, or run a processor for each',
      ],
      { what: 'inputTopics' },
    );
  }
  const count = counts[0]?.count ?? 0;
  const lacking = config.inputPartitions.filter((partition) => partition >= count);
  if (lacking.length > 0) {
    throw new ConfigError(
      [
        `partition ${lacking.join(', ')} does not exist: ${listed} partitions, numbered from 0 to ${count - 1}`,
      ],
      { what: 'inputPartitions' },
    );
  }
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

/** Warns of a group that has, or once had, members: that harms commits and their retention. */
export async function warnOfMembers(config: Config, client: KafkaClient, log: Logger): Promise<void> {
  const { groupId } = config;
  const { state, protocolType, members } = await client.describeGroup(groupId);
  if (members.length > 0) {
    log.warn('The group has active members, while which no offset can be committed: stop these consumers', {
      groupId,
      state,
      members: members.length,
    });
  } else if (protocolType !== '') {
    log.warn(
      'A consumer was once a member of the group: all its offsets, however new, can be deleted at once when offsets.retention.minutes are over since it left. ' +
        'This happens once; a job that is running commits them again',
      { groupId, protocolType },
    );
  }
}

/**
 * Where to go on from when a position is not in the log.
 *
 * @throws OffsetOutOfRangeError with `onOffsetOutOfRange: 'fail'`
 */
export function resetPosition(config: Config, at: OutOfRange): number {
  if (config.onOffsetOutOfRange === 'earliest') return at.earliest;
  if (config.onOffsetOutOfRange === 'latest') return at.latest;
  throw new OffsetOutOfRangeError(
    `${whatIsLost(at)}. Look into it, then start with onOffsetOutOfRange 'earliest' or 'latest', ` +
      `or set the offset: kasper offsets reset ${config.topicProcessorName}.`,
    at,
  );
}

function whatIsLost({ topic, partition, offset, earliest, latest, reason }: OutOfRange): string {
  const where = `Offset ${offset} of ${topic}/${partition}`;
  const log = `the log, which holds ${earliest} to ${latest}`;
  if (reason === 'recreated')
    return `${where} belongs to a topic that was deleted and made anew; other records stand in ${log}`;
  if (reason === 'truncated')
    return `${where} lies after records that a new leader does not have (unclean leader election); other records stand in ${log}`;
  const lost =
    offset < earliest
      ? `${earliest - offset} records before ${earliest} were deleted before they were read (retention or DeleteRecords)`
      : 'the topic was truncated or made anew';
  return `${where} is not in ${log}: ${lost}`;
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
