import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
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
        writer.int32(partition).int16(found.code).int64(found.timestamp).int64(found.offset);
        if (version >= 4) writer.int32(found.leaderEpoch);
      });
    });
    return 'answer';
  },
});

/** A partition that is named twice in the request is refused, as on a real broker. */
function queryOf(query: OffsetQuery, isRepeated: boolean): OffsetQuery | typeof TWICE {
  return isRepeated ? TWICE : query;
}

function find(query: OffsetQuery & TopicPartition, isolation: number, context: RequestContext): ListedOffset {
  const forced = context.forcedError(query.topic, query.partition);
  if (forced !== ErrorCodes.NONE) return nothing(forced);
  const partition = context.cluster.topics.partition(query.topic, query.partition);
  if (partition === undefined) return nothing(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  const access = partition.access(context.nodeId, query);
  if (access !== ErrorCodes.NONE) return nothing(access);
  const { log } = partition;
  if (query.timestamp === LATEST) {
    const offset = isolation === READ_COMMITTED ? log.lastStableOffset : log.endOffset;
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
  const found = log.findByTime(query.timestamp);
  if (found === undefined) return nothing(ErrorCodes.NONE);
  return { code: ErrorCodes.NONE, ...found, leaderEpoch: log.epochAt(found.offset) };
}

function nothing(code: number): ListedOffset {
  return { code, timestamp: -1, offset: -1, leaderEpoch: -1 };
}
