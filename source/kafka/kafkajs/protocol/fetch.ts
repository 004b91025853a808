import type { AbortedTransaction } from '../../records/decode-record-set.ts';
import type { WireReader } from '../../wire/wire-reader.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const FETCH = 1;
/** The id of no fetch session. */
export const NO_SESSION = 0;
/**
 * The session epoch of a request that names all its partitions and opens no session; it closes the
 * one whose id it has.
 */
export const FINAL_EPOCH = -1;

export interface FetchPartition extends TopicPartition {
  readonly offset: number;
  /**
   * The epoch of the leader as the metadata gave it, so that a deposed or a lagging broker refuses;
   * -1: unchecked.
   */
  readonly leaderEpoch: number;
  readonly maxBytes: number;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  readonly sessionId: number;
  /**
   * 0 opens a session; from 1 on the request is incremental: the partitions of the session, but for
   * those that are named, are asked for as before.
   */
  readonly sessionEpoch: number;
  /**
   * Served in this order: the first one that has records gets its first batch whole, beyond all
   * limits.
   */
  readonly partitions: readonly FetchPartition[];
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: AbortedTransaction[] | undefined;
  /** A view of the response; the last batch may be cut off. */
  readonly recordSet: Buffer;
}

export interface FetchAnswer {
  /** All partitions of the answer keep this much memory alive. */
  readonly bytes: number;
  readonly errorCode: number;
  /** {@link NO_SESSION} if there is none. */
  readonly sessionId: number;
  /** Of an incremental request: a partition of which there is no news is left out. */
  readonly isIncremental: boolean;
  /** Emptied as soon as they were delivered. */
  readonly partitions: FetchedPartition[];
}

const EMPTY = Buffer.alloc(0);

/**
 * Fetch v10: the last version that only a leader serves. From v11 on a follower answers without an
 * error, so that a leader that moved is never noticed.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_Fetch
 */
export function fetchRequest(request: FetchRequest): RawRequest<FetchAnswer> {
  const writer = new WireWriter(64 + request.partitions.length * 48)
    .int32(-1)
    .int32(request.maxWaitMs)
    .int32(request.minBytes)
    .int32(request.maxBytes)
    .int8(request.readCommitted ? 1 : 0)
    .int32(request.sessionId)
    .int32(request.sessionEpoch)
    .array(byTopic(request.partitions), (topics, { topic, entries }) => {
      topics.string(topic).array(entries, (partitions, entry) => {
        partitions
          .int32(entry.partition)
          .int32(entry.leaderEpoch)
          .int64(entry.offset)
          .int64(-1)
          .int32(entry.maxBytes);
      });
    })
    .int32(0);
  return {
    apiKey: FETCH,
    apiName: 'Fetch',
    apiVersion: 10,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => readFetchAnswer(reader, request.sessionEpoch > 0),
  };
}

function readFetchAnswer(reader: WireReader, isIncremental: boolean): FetchAnswer {
  reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const partitions: FetchedPartition[] = [];
  reader.array((topics) => {
    const topic = topics.string();
    topics.array((entries) => {
      partitions.push({
        topic,
        partition: entries.int32(),
        errorCode: entries.int16(),
        highWatermark: entries.int64(),
        lastStableOffset: entries.int64(),
        logStartOffset: entries.int64(),
        aborted: readAborted(entries),
        recordSet: entries.bytes() ?? EMPTY,
      });
    });
  });
  return { bytes: reader.buffer.length, errorCode, sessionId, isIncremental, partitions };
}

function readAborted(reader: WireReader): AbortedTransaction[] | undefined {
  const aborted = reader.nullableArray((entries) => ({
    producerId: entries.bigInt64(),
    firstOffset: entries.int64(),
  }));
  return aborted === null || aborted.length === 0 ? undefined : aborted;
}
