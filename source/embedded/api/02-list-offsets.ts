import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { findByTime } from '../logs/find-by-time.ts';
import type { TimeAnswer } from '../logs/time-search.ts';
import { byPartition } from './by-partition.ts';
import { pacedArray } from '../paced.ts';

const LATEST = -1;
const EARLIEST = -2;
const READ_COMMITTED = 1;
const TWICE = 'twice';

interface ListedOffset {
  readonly code: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

interface OffsetQuery {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly timestamp: number;
}

/** @see https://kafka.apache.org/protocol#The_Messages_ListOffsets */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  min: 1,
  max: 5,
  maxItems: 10_000,
  read(reader, version) {
    reader.int32(); // replica id
    return {
      isolation: version >= 2 ? reader.int8() : 0,
      topics: reader.array(() => ({
        topic: reader.string(),
        partitions: reader.array(() => ({
          partition: reader.int32(),
          currentLeaderEpoch: version >= 4 ? reader.int32() : -1,
          timestamp: reader.int64(),
        })),
      })),
    };
  },
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    if (version >= 2) out.fields.int32(0);
    const writer = out.fields;
    await pacedArray(writer, [...byPartition(request.topics, queryOf)], ([topic, queries]) => {
      return pacedArray(writer.string(topic), [...queries], ([partition, query]) => {
        const found =
          query === TWICE
            ? nothing(ErrorCodes.INVALID_REQUEST)
            : find({ topic, ...query }, request.isolation, context);
        const write = ({ code, timestamp, offset, leaderEpoch }: ListedOffset) => {
          writer.int32(partition).int16(code).int64(timestamp).int64(offset);
          if (version >= 4) writer.int32(leaderEpoch);
        };
        if (found instanceof Promise) return found.then(write);
        write(found);
        return undefined;
      });
    });
    return 'answer';
  },
});

/** A partition that is named twice in the request is refused, as on a real broker. */
function queryOf(query: OffsetQuery, isRepeated: boolean): OffsetQuery | typeof TWICE {
  return isRepeated ? TWICE : query;
}

/** A promise where a batch takes long to look through. */
function find(
  query: OffsetQuery & TopicPartition,
  isolation: number,
  context: RequestContext,
): ListedOffset | Promise<ListedOffset> {
  const forced = context.forcedError(query.topic, query.partition);
  if (forced !== ErrorCodes.NONE) return nothing(forced);
  const partition = context.cluster.topics.partition(query.topic, query.partition);
  if (partition === undefined) return nothing(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  const access = partition.access(context.nodeId, query);
  if (access !== ErrorCodes.NONE) return nothing(access);
  const { log } = partition;
  const isCommitted = isolation === READ_COMMITTED;
  if (query.timestamp === LATEST) {
    const offset = isCommitted ? log.lastStableOffset : log.endOffset;
    return { code: ErrorCodes.NONE, timestamp: -1, offset, leaderEpoch: partition.leaderEpoch };
  }
  if (query.timestamp === EARLIEST) {
    return {
      code: ErrorCodes.NONE,
      timestamp: -1,
      offset: log.startOffset,
      leaderEpoch: log.epochAt(log.startOffset),
    };
  }
  if (query.timestamp < 0) return nothing(ErrorCodes.UNSUPPORTED_VERSION);
  const listed = ({ code, timestamp, offset }: TimeAnswer): ListedOffset => {
    // A reader of committed records cannot get there yet.
    const isVisible = offset >= 0 && offset < (isCommitted ? log.lastStableOffset : log.endOffset);
    return isVisible ? { code, timestamp, offset, leaderEpoch: log.epochAt(offset) } : nothing(code);
  };
  const found = findByTime(log, query.timestamp);
  return found instanceof Promise ? found.then(listed) : listed(found);
}

function nothing(code: number): ListedOffset {
  return { code, timestamp: -1, offset: -1, leaderEpoch: -1 };
}
