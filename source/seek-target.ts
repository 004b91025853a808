import type { Config } from './config.ts';
import type { KafkaClient, OffsetSpec } from './kafka/client.ts';
import { AssignmentError, ConfigError, OffsetOutOfRangeError } from './kernel/errors.ts';
import { askLogEnds } from './log-ends.ts';
import type { TopicPartition } from './message.ts';

/**
 * Where `seek` goes: an offset, the first or the end of the log, or the first record at or after a time (milliseconds since 1970, or a Date). The end is
 * the one that the run's isolation sees; a time past the end gives the end.
 */
export type SeekTarget = number | 'earliest' | 'latest' | Date | { readonly timestamp: number | Date };

/**
 * The offset that a target stands for now (ListOffsets).
 *
 * @throws ConfigError for a target that makes no sense
 * @throws AssignmentError for a partition that is not this processor's
 * @throws OffsetOutOfRangeError for an offset that is not in the log
 */
export async function resolveTarget(
  config: Config,
  client: KafkaClient,
  at: TopicPartition,
  to: SeekTarget,
): Promise<number> {
  const target = checkTarget(to);
  checkAssigned(config, at);
  if (typeof target !== 'number') {
    const [found] = await client.listOffsets(target, [at], config.isolation);
    if (found === undefined) throw new AssignmentError(`ListOffsets gave no offset for ${nameOf(at)}`);
    return found.offset;
  }
  const { earliest, latest } = await askLogEnds(client, at);
  if (target >= earliest && target <= latest) return target;
  throw new OffsetOutOfRangeError(
    `seek: offset ${target} of ${nameOf(at)} is not in the log, which holds ${earliest} to ${latest}; ` +
      `'earliest', 'latest' or { timestamp } always are`,
    { ...at, offset: target, earliest, latest },
  );
}

/** Checks a value that may come from JavaScript, and brings it into the form of a request. @param what is to be done with it, for messages */
export function checkTarget(to: unknown, what = 'seek'): number | OffsetSpec {
  if (to === 'earliest' || to === 'latest') return to;
  if (typeof to === 'number' && Number.isSafeInteger(to) && to >= 0) return to;
  const timestamp = to instanceof Date ? to.getTime() : timestampIn(to);
  if (typeof timestamp === 'number' && Number.isSafeInteger(timestamp) && timestamp >= 0)
    return { timestamp };
  throw new ConfigError(
    [
      "the target must be an offset (a whole number from 0), 'earliest', 'latest', a Date, or { timestamp } in milliseconds since 1970, " +
        `not ${typeof to === 'string' ? to : JSON.stringify(to)}`,
    ],
    { what },
  );
}

function timestampIn(to: unknown): unknown {
  if (typeof to !== 'object' || to === null || !('timestamp' in to)) return undefined;
  return to.timestamp instanceof Date ? to.timestamp.getTime() : to.timestamp;
}

function checkAssigned({ inputTopics, inputPartitions }: Config, at: TopicPartition): void {
  if (inputTopics.includes(at.topic) && inputPartitions.includes(at.partition)) return;
  throw new AssignmentError(
    `seek: ${nameOf(at)} is not read here; inputTopics are ${inputTopics.join(', ')}, inputPartitions are ${inputPartitions.join(', ')}`,
  );
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
