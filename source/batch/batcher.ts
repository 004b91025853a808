import type { BatchRange } from '../batch-report.ts';
import type { Chunk, MessageList } from '../kafka/source.ts';
import type { ConsumerMessage } from '../message.ts';
import type { BatchTrigger } from '../message-processor.ts';

/** How far a topic of this partition is done once a batch is. */
export interface TopicPosition {
  readonly topic: string;
  readonly nextOffset: number;
  readonly leaderEpoch: number;
}

/** Messages that are processed together. */
export interface Batch {
  readonly trigger: BatchTrigger;
  readonly messages: readonly ConsumerMessage[];
  /** First and last offset, per topic. */
  readonly ranges: readonly BatchRange[];
  /**
   * Bytes of the messages, as encoded, decompressed. Of a chunk that is taken in parts, each part
   * has its share by the number of messages.
   */
  readonly bytes: number;
  /**
   * What may be committed when the batch is done: past trailing markers and gaps, never past a
   * message that is not in it.
   */
  readonly positions: readonly TopicPosition[];
  /** Bytes of memory that are free again once the batch is done. */
  readonly freedBytes: number;
}

/** A batch without its messages: what outlives them would keep them in memory. */
export type BegunBatch = Omit<Batch, 'messages'> & { readonly records: number };

export interface BatcherOptions {
  readonly batchSize: number;
  readonly batchBytes: number;
  readonly batchWaitMs: number;
  /** The monotonic time in ms. */
  readonly now: () => number;
}

/** Messages of one chunk that wait; `at` is the index of the first one that was not taken. */
interface Segment {
  readonly topic: string;
  readonly messages: MessageList;
  at: number;
  /** The offset after this segment, raised by record-less chunks that follow it. */
  nextOffset: number;
  leaderEpoch: number;
  readonly arrivedAt: number;
  /** Memory that the whole chunk holds, free when its last message is done. */
  readonly chunkBytes: number;
  /** Bytes of the messages that were not taken. */
  recordBytes: number;
}

/**
 * Gathers the messages of one partition, all input topics in order of arrival, and says when a
 * batch is due and why.
 *
 * Pure: it has no timer; its owner asks {@link due} when something happened, and again at
 * {@link dueAt}.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  #segments: Segment[] = [];
  #count = 0;
  #heldBytes = 0;
  #memoryWanted = false;
  #ended = false;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Messages that wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Memory that the waiting messages keep alive: whole chunks, also those of which some messages
   * were taken.
   */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes a chunk in.
   *
   * @returns false if the chunk has no messages and none of its topic wait here: then its position
   *   is the caller's to keep
   */
  add(
    chunk: Pick<Chunk, 'topic' | 'messages' | 'nextOffset' | 'leaderEpoch' | 'bytes' | 'recordBytes'>,
  ): boolean {
    if (chunk.messages.length === 0) {
      const last = this.#segments.findLast((segment) => segment.topic === chunk.topic);
      if (last === undefined) return false;
      last.nextOffset = chunk.nextOffset;
      last.leaderEpoch = chunk.leaderEpoch;
      return true;
    }
    this.#segments.push({
      topic: chunk.topic,
      messages: chunk.messages,
      at: 0,
      nextOffset: chunk.nextOffset,
      leaderEpoch: chunk.leaderEpoch,
      arrivedAt: this.#options.now(),
      chunkBytes: chunk.bytes,
      recordBytes: chunk.recordBytes ?? bytesOf(chunk.messages),
    });
    this.#count += chunk.messages.length;
    this.#heldBytes += chunk.bytes;
    return true;
  }

  /** No more messages will come: what is there is due immediately. */
  end(): void {
    this.#ended = true;
  }

  /** Takes {@link end} back: more messages will come. */
  reopen(): void {
    this.#ended = false;
  }

  /** Memory is short: what is there is due immediately. Ends with the next {@link take}. */
  wantMemory(): void {
    this.#memoryWanted = true;
  }

  /** Why a batch is due now; undefined if none is. */
  due(): BatchTrigger | undefined {
    const oldest = this.#segments[0];
    if (oldest === undefined) return undefined;
    const { batchSize, batchBytes, batchWaitMs, now } = this.#options;
    if (this.#count >= batchSize) return 'count';
    if (this.#mayExceed(batchBytes) && this.#waitingBytesReach(batchBytes)) return 'bytes';
    if (this.#ended) return 'end';
    if (this.#memoryWanted) return 'memory';
    return now() - oldest.arrivedAt >= batchWaitMs ? 'age' : undefined;
  }

  /** When the oldest message will have waited for `batchWaitMs`; undefined if nothing waits. */
  dueAt(): number | undefined {
    const oldest = this.#segments[0];
    return oldest === undefined ? undefined : oldest.arrivedAt + this.#options.batchWaitMs;
  }

  /** Takes the next batch: at most batchSize messages and batchBytes, at least one message. */
  take(trigger: BatchTrigger): Batch {
    this.#memoryWanted = false;
    const parts: ConsumerMessage[][] = [];
    const positions = new Map<string, TopicPosition>();
    const ranges = new Map<string, BatchRange>();
    let room = this.#options.batchSize;
    let bytesLeft = this.#mayExceed(this.#options.batchBytes) ? this.#options.batchBytes : undefined;
    let freedBytes = 0;
    let bytes = 0;
    for (let segment = this.#segments[0]; segment !== undefined && room > 0; segment = this.#segments[0]) {
      const start = segment.at;
      let end = Math.min(segment.messages.length, start + room);
      if (bytesLeft !== undefined)
        ({ end, bytesLeft } = cutByBytes(segment, end, bytesLeft, parts.length === 0));
      if (end === start) break;
      const part = segment.messages.slice(start, end);
      noteRange(ranges, segment.topic, part);
      bytes += takeShare(segment, start, end);
      parts.push(part);
      room -= end - start;
      segment.at = end;
      if (end < segment.messages.length) {
        const last = part.at(-1) as ConsumerMessage;
        positions.set(segment.topic, { ...positionAfter(segment), nextOffset: last.offset + 1 });
        break;
      }
      positions.set(segment.topic, positionAfter(segment));
      freedBytes += segment.chunkBytes;
      this.#segments.shift();
    }
    const messages = inOne(parts);
    this.#count -= messages.length;
    this.#heldBytes -= freedBytes;
    return {
      trigger,
      messages,
      ranges: [...ranges.values()],
      bytes,
      positions: [...positions.values()],
      freedBytes,
    };
  }

  /**
   * Forgets the messages of one topic, or of all; returns the bytes of memory that are free then.
   */
  drop(topic?: string): number {
    let freed = 0;
    this.#segments = this.#segments.filter((segment) => {
      if (topic !== undefined && segment.topic !== topic) return true;
      freed += segment.chunkBytes;
      this.#count -= segment.messages.length - segment.at;
      return false;
    });
    this.#heldBytes -= freed;
    return freed;
  }

  /**
   * Chunks are never smaller than their messages: below the bound nothing need be added up, message
   * by message.
   */
  #mayExceed(bytes: number): boolean {
    return this.#heldBytes >= bytes;
  }

  #waitingBytesReach(bytes: number): boolean {
    let sum = 0;
    for (const segment of this.#segments) {
      for (let i = segment.at; i < segment.messages.length; i++) {
        sum += segment.messages.at(i)?.bytes ?? 0;
        if (sum >= bytes) return true;
      }
    }
    return false;
  }
}

/**
 * Where to end within a segment so that `bytesLeft` is kept; the very first message of a batch is
 * always taken, and may leave less than nothing.
 */
function cutByBytes(
  segment: Segment,
  end: number,
  bytesLeft: number,
  isFirst: boolean,
): { end: number; bytesLeft: number } {
  let left = bytesLeft;
  for (let i = segment.at; i < end; i++) {
    left -= segment.messages.at(i)?.bytes ?? 0;
    if (left < 0 && !(isFirst && i === segment.at)) return { end: i, bytesLeft: left };
  }
  return { end, bytesLeft: left };
}

function positionAfter(segment: Segment): TopicPosition {
  return { topic: segment.topic, nextOffset: segment.nextOffset, leaderEpoch: segment.leaderEpoch };
}

/** Widens the range of a topic by messages of it. */
function noteRange(
  ranges: Map<string, BatchRange>,
  topic: string,
  messages: readonly ConsumerMessage[],
): void {
  const { partition, offset } = messages[0] as ConsumerMessage;
  const last = (messages.at(-1) as ConsumerMessage).offset;
  const before = ranges.get(topic);
  const records = (before?.records ?? 0) + messages.length;
  ranges.set(topic, { topic, partition, first: before?.first ?? offset, last, records });
}

/**
 * Takes the share that the messages from `start` to `end`, exclusive, have of the bytes that are
 * left: adding them up would cost each message.
 */
function takeShare(segment: Segment, start: number, end: number): number {
  const share = Math.round((segment.recordBytes * (end - start)) / (segment.messages.length - start));
  segment.recordBytes -= share;
  return share;
}

/**
 * One array of all parts. Not by `concat`: once any module of the program has made an object
 * spreadable (`Symbol.isConcatSpreadable`), as the client of Elasticsearch does by its columns,
 * V8 gives back a dictionary, whose elements cost a look-up each.
 */
function inOne(parts: readonly ConsumerMessage[][]): ConsumerMessage[] {
  const [messages = [], ...others] = parts;
  for (const part of others) for (const message of part) messages.push(message);
  return messages;
}

function bytesOf(messages: MessageList): number {
  let bytes = 0;
  for (const message of messages.slice()) bytes += message.bytes;
  return bytes;
}
