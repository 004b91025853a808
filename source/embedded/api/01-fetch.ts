import { byTopic } from '../../kafka/wire/by-topic.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import { asError } from '../../kernel/as-error.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { NO_SESSION } from '../fetch-sessions.ts';
import type { FetchTurn, SessionPartition } from '../fetch-sessions.ts';
import type { Partition } from '../logs/partition.ts';
import { eachOnce } from './by-partition.ts';
import { readPartitions } from './fetch-reads.ts';
import type { FetchLimits, FetchRead, PartitionRead } from './fetch-reads.ts';
import { VersionedFields } from './versioned-fields.ts';

const READ_COMMITTED = 1;
/** Readers of everything, and of what fails, are not told which transactions were aborted. */
const NO_LIST = -1;
/** They concern no partition: where a fault wants one of them, it is answered at the top. */
const SESSION_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCodes.INVALID_FETCH_SESSION_EPOCH,
]);

interface FetchRequest extends FetchLimits {
  readonly maxWaitMs: number;
  readonly isolation: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** An incremental request names only what is new or changed in its session. */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly SessionPartition[] }[];
  readonly forgotten: readonly TopicPartition[];
}

interface FetchAnswer {
  /** An error of the session, 0 for none. */
  readonly code: number;
  readonly sessionId: number;
  readonly partitions: readonly PartitionRead[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_Fetch */
export const fetch = defineApi<FetchRequest>({
  key: 1,
  name: 'Fetch',
  min: 4,
  max: 11,
  maxItems: 10_000,
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
      return write(refusal(forced), request, context);
    }
    const { sessionId, sessionEpoch, topics, forgotten } = request;
    const named = eachOnce(topics).flatMap(({ partitions }) => partitions);
    const turn = context.fetchSessions.turn({ sessionId, sessionEpoch, named, forgotten });
    if (turn.code !== ErrorCodes.NONE) {
      return write(refusal(turn.code), request, context);
    }
    const first = readPartitions(turn, request, context);
    if (first instanceof Promise) return first.then((read) => answerOrWait(read, turn, request, context));
    return answerOrWait(first, turn, request, context);
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

function answerOrWait(
  read: FetchRead,
  turn: FetchTurn,
  request: FetchRequest,
  context: RequestContext,
): Outcome | Promise<Outcome> {
  if (read.isDue || request.maxWaitMs <= 0) return answer(read, turn, request, context);
  return longPoll(turn, request, context);
}

/**
 * Waits until there are enough bytes, a read fails, or the time is up; then reads again and
 * answers.
 */
function longPoll(turn: FetchTurn, request: FetchRequest, context: RequestContext): Promise<Outcome> {
  const watched: Partition[] = [];
  for (const { topic, partition } of turn.partitions) {
    const found = context.cluster.topics.partition(topic, partition);
    if (found !== undefined) watched.push(found);
  }
  return new Promise((resolve, reject) => {
    let checking = false;
    let isOver = false;
    const end = () => {
      isOver = true;
      for (const partition of watched) partition.unwatch(changed);
      timer.cancel();
      context.closed.removeEventListener('abort', left);
    };
    // Called in the middle of an append: a request that appends to several partitions is to be seen
    // as a whole.
    const changed = () => {
      if (checking) return;
      checking = true;
      queueMicrotask(() => {
        checking = false;
        if (!context.closed.aborted) void check(false);
      });
    };
    // What takes long to read may be read twice meanwhile: the first that is due is answered.
    const check = async (timeIsUp: boolean) => {
      try {
        const found = readPartitions(turn, request, context);
        const read = found instanceof Promise ? await found : found;
        if (isOver || (!read.isDue && !timeIsUp)) return;
        end();
        resolve(answer(read, turn, request, context));
      } catch (error) {
        end();
        reject(asError(error));
      }
    };
    const left = () => {
      end();
      resolve('no-answer');
    };
    const timer = context.cluster.clock.after(request.maxWaitMs, () => {
      void check(true);
    });
    for (const partition of watched) partition.watch(changed);
    context.closed.addEventListener('abort', left);
  });
}

/** An error of the session, which names no partition. */
function refusal(code: number): FetchAnswer {
  return { code, sessionId: NO_SESSION, partitions: [] };
}

function answer(
  read: FetchRead,
  turn: FetchTurn,
  request: FetchRequest,
  context: RequestContext,
): Outcome | Promise<Outcome> {
  return write(turn.conclude(read.partitions), request, context);
}

function write(
  { code, sessionId, partitions }: FetchAnswer,
  request: FetchRequest,
  { out, version }: RequestContext,
): Outcome | Promise<Outcome> {
  const fields = new VersionedFields(out.fields, false);
  const { writer } = fields;
  writer.int32(0);
  if (version >= 7) writer.int16(code).int32(sessionId);
  const topics = byTopic(partitions).map(({ topic, entries }) => ({ topic, partitions: entries }));
  const later = fields.byTopic(topics, (_, read) => {
    writer.int32(read.partition).int16(read.code).int64(read.highWatermark).int64(read.lastStableOffset);
    if (version >= 5) writer.int64(read.logStartOffset);
    if (!hasList(read.code, request.isolation)) {
      writer.int32(NO_LIST);
    } else {
      writer.array(read.aborted, (_list, { producerId, firstOffset }) => {
        writer.bigInt64(producerId).int64(firstOffset);
      });
    }
    if (version >= 11) writer.int32(-1);
    writer.int32(read.bytes);
    out.attach(read.views);
  });
  const answered: Outcome = 'answer';
  return later === undefined ? answered : later.then(() => answered);
}

/** What does not exist is answered with an empty list, and what fails at a log with none. */
function hasList(code: number, isolation: number): boolean {
  if (code === ErrorCodes.NONE) return isolation === READ_COMMITTED;
  return code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
}
