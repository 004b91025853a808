import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import type { RawClient } from './raw-client.ts';

/** One partition's answer to Fetch. */
export interface Fetched {
  readonly partition: number;
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** undefined for null. */
  readonly aborted: readonly number[] | undefined;
  readonly records: Buffer;
}

export interface ToFetch {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes?: number;
  readonly currentLeaderEpoch?: number;
}

export interface FetchOptions {
  readonly version?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly isolation?: number;
}

/** How a Fetch uses a session of the broker (KIP-227). */
export interface FetchSessionOptions {
  readonly sessionId?: number;
  /** 0 opens a session, -1 goes without. */
  readonly sessionEpoch?: number;
  /** Partitions of the topic that the session is to forget. */
  readonly forgotten?: readonly number[];
}

/** The answer to a Fetch that speaks of a session. */
export interface SessionAnswer {
  readonly code: number;
  readonly sessionId: number;
  readonly partitions: readonly Fetched[];
}

/** Fetch of one topic, v10 by default (from 9 on), without a session. */
export async function fetch(
  client: RawClient,
  topic: string,
  partitions: readonly ToFetch[],
  options: FetchOptions = {},
): Promise<readonly Fetched[]> {
  const answer = await fetchInSession(client, topic, partitions, options);
  return answer.partitions;
}

/** As {@link fetch}, with all that the answer says of the session. */
export async function fetchInSession(
  client: RawClient,
  topic: string,
  partitions: readonly ToFetch[],
  options: FetchOptions & FetchSessionOptions = {},
): Promise<SessionAnswer> {
  const { version = 10, maxWaitMs = 0, minBytes = 1, maxBytes = 1 << 25, isolation = 0 } = options;
  const { sessionId = 0, sessionEpoch = -1, forgotten = [] } = options;
  const reader = await client.call({
    key: 1,
    version,
    body: (writer) => {
      writer.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes).int8(isolation);
      writer.int32(sessionId).int32(sessionEpoch);
      writer.array(partitions.length > 0 ? [topic] : [], (_, name) => {
        writer.string(name).array(partitions, (__, wanted) => {
          writer
            .int32(wanted.partition)
            .int32(wanted.currentLeaderEpoch ?? -1)
            .int64(wanted.offset);
          writer.int64(-1).int32(wanted.maxBytes ?? 1 << 20);
        });
      });
      writer.array(forgotten.length > 0 ? [topic] : [], (_, name) => {
        writer.string(name).array(forgotten, (__, partition) => writer.int32(partition));
      });
      if (version >= 11) writer.string('');
    },
  });
  reader.int32();
  const code = reader.int16();
  const answered = reader.int32();
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => readFetched(reader, version));
  });
  return { code, sessionId: answered, partitions: topics.flat() };
}

function readFetched(reader: WireReader, version: number): Fetched {
  const partition = reader.int32();
  const code = reader.int16();
  const offsets = {
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
  };
  const aborted = reader.nullableArray(() => {
    reader.bigInt64();
    return reader.int64();
  });
  if (version >= 11) reader.int32();
  return {
    partition,
    code,
    ...offsets,
    aborted: aborted ?? undefined,
    records: reader.bytes() ?? Buffer.alloc(0),
  };
}
