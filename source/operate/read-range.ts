import type { KafkaClient } from '../kafka/client.ts';
import type { Isolation } from '../kafka/log-position.ts';
import type { PartitionReader } from '../kafka/source.ts';
import { aborted } from '../kernel/aborted.ts';
import { asError } from '../kernel/as-error.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { isObject } from '../kernel/is-object.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import type { ConsumerMessage } from '../message.ts';
import { clientArgument } from './check-selection.ts';

/** A part of the log of one partition. */
export interface OffsetSpan extends TopicPartition {
  /** The first offset. */
  readonly from: number;
  /** The offset behind the last one. */
  readonly to: number;
}

/** How a part of a topic is read. */
export interface ReadRangeOptions {
  /** Default `'read_committed'`. */
  readonly isolation?: Isolation;
  /** Ends the reading; then it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const RETRY_TIMEOUT_MS = 20_000;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/**
 * Reads records without a group: nothing is committed (Fetch). What was deleted of a range meanwhile
 * is left out.
 *
 * @param onMessage called for each record, in order within its partition; `false` ends that partition
 * @returns once all ranges are read
 * @throws ConfigError for arguments that do not fit, what a partition cannot be read for, and the
 *   reason of the signal
 */
export async function readRange(
  client: KafkaClient,
  ranges: readonly OffsetSpan[],
  onMessage: (message: ConsumerMessage) => unknown,
  { isolation = 'read_committed', signal }: ReadRangeOptions = {},
): Promise<void> {
  checkArguments(
    'readRange',
    clientArgument(client, ['source']),
    [
      Array.isArray(ranges) && ranges.every(isSpan),
      'ranges must be a list of { topic, partition, from, to }',
      ranges,
    ],
    [typeof onMessage === 'function', 'onMessage must be a function', onMessage],
    [signal === undefined || signal instanceof AbortSignal, 'signal must be an AbortSignal', signal],
  );
  const left = new Map<string, OffsetSpan>();
  for (const range of ranges) if (range.to > range.from) left.set(keyOf(range), range);
  if (left.size === 0) return;
  signal?.throwIfAborted();
  const source = client.source({
    isolation,
    fetchMaxWaitMs: 250,
    retryTimeoutMs: RETRY_TIMEOUT_MS,
    maxInflatedBytes: MAX_INFLATED_BYTES,
    // Nothing that was read is kept here.
    budget: { available: MAX_INFLATED_BYTES, reserve: (bytes) => bytes, release: nothing, onceFree: nothing },
  });
  try {
    const read = new Promise<void>((resolve, reject) => {
      const end = (at: TopicPartition) => {
        source.remove(at);
        left.delete(keyOf(at));
        if (left.size === 0) resolve();
      };
      const reader: PartitionReader = {
        take({ topic, partition, messages, nextOffset }) {
          const range = left.get(keyOf({ topic, partition }));
          if (range === undefined) return;
          try {
            for (const message of messages.slice())
              if (message.offset < range.to && onMessage(message) === false) {
                end(range);
                return;
              }
          } catch (error) {
            reject(asError(error));
            return;
          }
          if (nextOffset >= range.to) end(range);
        },
        outOfRange({ topic, partition, offset, earliest, latest }) {
          const range = left.get(keyOf({ topic, partition }));
          // Nothing of the range is left.
          if (range !== undefined && (earliest >= range.to || offset > latest)) end(range);
          return earliest;
        },
        failed: reject,
      };
      for (const { topic, partition, from } of left.values())
        source.add({ topic, partition, offset: from, leaderEpoch: -1 }, reader);
    });
    await (signal === undefined ? read : Promise.race([read, failedBy(signal)]));
  } finally {
    await source.close();
  }
}

async function failedBy(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

function isSpan(range: unknown): boolean {
  if (!isObject(range)) return false;
  const { topic, partition, from, to } = range;
  return typeof topic === 'string' && [partition, from, to].every((each) => Number.isSafeInteger(each));
}

function nothing(): void {
  // No budget is kept.
}
