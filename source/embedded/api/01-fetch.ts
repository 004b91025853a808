import { byTopic } from '../../kafka/wire/by-topic.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { FetchTurn, SessionPartition } from '../fetch-sessions.ts';
import type { Partition } from '../logs/partition.ts';

/** A broker's `fetch.max.bytes`: no response holds more, whatever the client asks for. */
const MAX_RESPONSE_BYTES = 57_671_680;
const FIRST_VERSION_SERVED_BY_FOLLOWERS = 11;
const READ_COMMITTED = 1;
/** They speak of no partition: where a fault wants one, it is answered at the top. */
const SESSION_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCodes.INVALID_FETCH_SESSION_EPOCH,
]);

interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** An incremental request names only what is new or changed in its session. */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly SessionPartition[] }[];
  readonly forgotten: readonly TopicPartition[];
}

/** The answer for one partition. */
interface PartitionRead {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly views: readonly Buffer[];
  readonly bytes: number;
}

interface FetchRead {
  readonly partitions: readonly PartitionRead[];
  /** To be sent without waiting for more: enough bytes, or an error. */
  readonly isDue: boolean;
}

/** @see https://kafka.apache.org/protocol#The_Messages_Fetch */
export const fetch = defineApi<FetchRequest>({
  key: 1,
  name: 'Fetch',
  min: 4,
  max: 11,
  read(reader, version) {
    reader.int32(); // replica id: only brokers have one
    return {
      maxWaitMs: reader.int32(),
      minBytes: reader.int32(),
      maxBytes: reader.int32(),
      isolation: reader.int8(),
      sessionId: version >= 7 ? reader.int32() : 0,
      sessionEpoch: version >= 7 ? reader.int32() : -1,
      topics: reader.array(() => {
        const topic = reader.string();
        return { topic, partitions: reader.array(() => readPartition(reader, topic, version)) };
      }),
      forgotten: version >= 7 ? readForgotten(reader) : [],
    };
  },
  handle(request, context) {
    const forced = context.forcedError();
    if (SESSION_CODES.has(forced)) {
      write([], request, context, forced, 0);
      return 'answer';
    }
    const { sessionId, sessionEpoch, topics, forgotten } = request;
    const named = topics.flatMap(({ partitions }) => partitions);
    const turn = context.fetchSessions.turn({ sessionId, sessionEpoch, named, forgotten });
    if (turn.code !== ErrorCodes.NONE) {
      write([], request, context, turn.code, 0);
      return 'answer';
    }
    const first = readAll(turn, request, context);
    if (first.isDue || request.maxWaitMs <= 0) {
      answer(first, turn, request, context);
      return 'answer';
    }
    return longPoll(turn, request, context);
  },
});

function readPartition(reader: WireReader, topic: string, version: number): SessionPartition {
  const partition = reader.int32();
  const currentLeaderEpoch = version >= 9 ? reader.int32() : -1;
  const offset = reader.int64();
  if (version >= 5) reader.int64(); // log start offset: of followers
  return { topic, partition, currentLeaderEpoch, offset, maxBytes: reader.int32() };
}

function readForgotten(reader: WireReader): TopicPartition[] {
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => ({ topic, partition: reader.int32() }));
    })
    .flat();
}

/** Waits until enough bytes are there, something went wrong, or the time is up; then reads again and answers. */
function longPoll(turn: FetchTurn, request: FetchRequest, context: RequestContext): Promise<Outcome> {
  const watched: Partition[] = [];
  for (const { topic, partition } of turn.partitions) {
    const found = context.cluster.topics.partition(topic, partition);
    if (found !== undefined) watched.push(found);
  }
  return new Promise((resolve, reject) => {
    let checking = false;
    const end = () => {
      for (const partition of watched) partition.unwatch(changed);
      timer.cancel();
      context.closed.removeEventListener('abort', left);
    };
    // Called in the middle of an append: a request that appends to several partitions is to be seen as a whole.
    const changed = () => {
      if (checking) return;
      checking = true;
      queueMicrotask(() => {
        checking = false;
        if (!context.closed.aborted) check(false);
      });
    };
    const check = (timeIsUp: boolean) => {
      try {
        const read = readAll(turn, request, context);
        if (!read.isDue && !timeIsUp) return;
        end();
        answer(read, turn, request, context);
        resolve('answer');
      } catch (error) {
        end();
        reject(error instanceof Error ? error : new Error('Fetch failed', { cause: error }));
      }
    };
    const left = () => {
      end();
      resolve('no-answer');
    };
    const timer = context.cluster.clock.after(request.maxWaitMs, () => {
      check(true);
    });
    for (const partition of watched) partition.watch(changed);
    context.closed.addEventListener('abort', left);
  });
}

function readAll(turn: FetchTurn, request: FetchRequest, context: RequestContext): FetchRead {
  let left = Math.min(request.maxBytes, MAX_RESPONSE_BYTES);
  const enough = Math.min(request.minBytes, left);
  let bytes = 0;
  const partitions = turn.partitions.map((wanted) => {
    // The first partition that has anything gives a whole batch, however small the limits: else nobody could get past a large one.
    const read = readOne(wanted, Math.max(0, Math.min(wanted.maxBytes, left)), bytes === 0, context);
    bytes += read.bytes;
    left -= read.bytes;
    return read;
  });
  const failed = partitions.some(({ code }) => code !== ErrorCodes.NONE);
  return { partitions, isDue: failed || partitions.length === 0 || bytes >= enough };
}

function readOne(
  wanted: SessionPartition,
  maxBytes: number,
  wholeFirst: boolean,
  context: RequestContext,
): PartitionRead {
  const { cluster, nodeId, version } = context;
  const { topic } = wanted;
  const forced = context.forcedError(topic, wanted.partition);
  if (forced !== ErrorCodes.NONE) return failure(wanted, forced);
  const partition = cluster.topics.partition(topic, wanted.partition);
  if (partition === undefined) return failure(wanted, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  const needsLeader = version < FIRST_VERSION_SERVED_BY_FOLLOWERS;
  const access = partition.access(nodeId, wanted.currentLeaderEpoch, needsLeader);
  if (access !== ErrorCodes.NONE) return failure(wanted, access);
  const { log } = partition;
  if (wanted.offset < log.startOffset || wanted.offset > log.endOffset) {
    return failure(wanted, ErrorCodes.OFFSET_OUT_OF_RANGE);
  }
  const views = log.read(wanted.offset, maxBytes, wholeFirst);
  let bytes = 0;
  for (const view of views) bytes += view.length;
  return {
    topic,
    partition: wanted.partition,
    code: ErrorCodes.NONE,
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
    views,
    bytes,
  };
}

function failure(wanted: SessionPartition, code: number): PartitionRead {
  return {
    topic: wanted.topic,
    partition: wanted.partition,
    code,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    views: [],
    bytes: 0,
  };
}

function answer(read: FetchRead, turn: FetchTurn, request: FetchRequest, context: RequestContext): void {
  const told = turn.conclude(read.partitions);
  write(told.partitions, request, context, told.code, told.sessionId);
}

function write(
  reads: readonly PartitionRead[],
  request: FetchRequest,
  context: RequestContext,
  code: number,
  sessionId: number,
): void {
  const { out, version } = context;
  out.fields.int32(0);
  if (version >= 7) out.fields.int16(code).int32(sessionId);
  out.fields.array(byTopic(reads), (writer, { topic, entries }) => {
    writer.string(topic).array(entries, (_, read) => {
      writer.int32(read.partition).int16(read.code).int64(read.highWatermark).int64(read.lastStableOffset);
      if (version >= 5) writer.int64(read.logStartOffset);
      // No list for who reads everything, an empty one for who must leave aborted transactions out.
      writer.int32(request.isolation === READ_COMMITTED || read.code !== ErrorCodes.NONE ? 0 : -1);
      if (version >= 11) writer.int32(-1);
      writer.int32(read.bytes);
      out.attach(read.views);
    });
  });
}
