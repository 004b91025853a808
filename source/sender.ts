import { LifecycleError, SendError } from './kernel/errors.ts';
import type { OutgoingRecord, RecordAccumulator, RecordSink } from './kafka/client.ts';
import type { Partitioner } from './kafka/partitioner.ts';
import type { ProducerMessage } from './message.ts';

/**
 * Takes records to send. Nothing leaves before `process` has returned or `flush()` is called.
 *
 * A sender belongs to one attempt at one batch: used after that it throws LifecycleError, which also finds a forgotten `await`.
 */
export interface Sender {
  /**
   * Encodes a copy of the record into the buffer; key, value and headers may be changed afterwards.
   * @throws SendError for what can never be sent: a wrong type, a partition out of range, more than `maxRecordBytes`
   * @throws LifecycleError after the attempt has ended, or when more than `maxSendBufferBytes` wait: `await sender.flush()` first
   */
  send(message: ProducerMessage): void;
  /**
   * Sends all that was buffered (Produce, acks=all) and resolves when each record was acked. Commits no offsets.
   * @throws ProduceError; what was acked is gone from the buffer, the rest is kept, so that a second flush does not send twice
   */
  flush(): Promise<void>;
}

/** What senders of one processor share. */
export interface SenderOptions {
  readonly sink: RecordSink;
  readonly partitioner: Partitioner;
  readonly maxRecordBytes: number;
  readonly maxSendBufferBytes: number;
  /** Milliseconds since 1970, for records without a timestamp. */
  readonly wallNow: () => number;
}

/** A record of a topic whose partitions are not known yet. */
interface Unplaced {
  readonly message: ProducerMessage;
  readonly record: OutgoingRecord;
}

/** The Sender of one attempt: records are encoded when they are sent, and wait per partition. */
export class BufferedSender implements Sender {
  readonly #options: SenderOptions;
  readonly #accumulator: RecordAccumulator;
  #unplaced: Unplaced[] = [];
  #unplacedBytes = 0;
  #ended: string | undefined;
  #sent = 0;
  #flushing: Promise<void> | undefined;
  #spread = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#accumulator = options.sink.accumulator();
  }

  /** Records that wait for a flush. */
  get count(): number {
    return this.#accumulator.count + this.#unplaced.length;
  }

  /** Records whose acks have come. */
  get sent(): number {
    return this.#sent;
  }

  send(message: ProducerMessage): void {
    if (this.#ended !== undefined) throw usedAfterEnd('send', this.#ended);
    const record = toRecord(message, this.#options.wallNow);
    const { sink, maxRecordBytes, maxSendBufferBytes } = this.#options;
    const bytes = sink.encodedBytes(record);
    if (bytes > maxRecordBytes) {
      throw new SendError(
        `A record for topic '${message.topic}' is ${bytes} bytes, more than maxRecordBytes (${maxRecordBytes}). ` +
          "Send less, or raise maxRecordBytes together with the topic's max.message.bytes.",
      );
    }
    const waiting = this.#accumulator.bytes + this.#unplacedBytes;
    if (waiting + bytes > maxSendBufferBytes) {
      throw new LifecycleError(
        `${this.count} records (${waiting} bytes) wait to be sent, and ${bytes} bytes more would exceed maxSendBufferBytes ` +
          `(${maxSendBufferBytes}): await sender.flush() now and then, make batches smaller, or raise the limit.`,
      );
    }
    const partitionCount = sink.partitionCount(message.topic);
    if (partitionCount === undefined || this.#unplaced.length > 0) {
      // The first records for a topic: its partitions are asked for by flush. Copied, since the caller may reuse its buffers.
      this.#unplaced.push({ message, record: copyOf(record) });
      this.#unplacedBytes += bytes;
    } else this.#place(message, record, partitionCount);
  }

  flush(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(usedAfterEnd('flush', this.#ended));
    return this.flushNow();
  }

  /** As {@link flush}, for the pipeline, which flushes after the attempt has ended. */
  flushNow(): Promise<void> {
    // A second flush while one is under way waits for it and then sends what came meanwhile.
    const before = this.#flushing ?? Promise.resolve();
    const mine = before.then(
      () => this.#flushOnce(),
      () => this.#flushOnce(),
    );
    this.#flushing = mine;
    return mine;
  }

  /** Ends the attempt: later calls throw. */
  end(reason: string): void {
    this.#ended = reason;
  }

  /** Forgets what was not flushed. */
  discard(): void {
    this.#accumulator.clear();
    this.#unplaced = [];
    this.#unplacedBytes = 0;
  }

  async #flushOnce(): Promise<void> {
    const { sink } = this.#options;
    await this.#placeAll();
    const count = this.#accumulator.count;
    if (count === 0) return;
    try {
      await this.#accumulator.flush();
    } finally {
      this.#sent += count - this.#accumulator.count;
    }
  }

  /** Learns the partitions of new topics, then encodes what waited for them. What cannot be placed is kept. */
  async #placeAll(): Promise<void> {
    const { sink } = this.#options;
    while (this.#unplaced.length > 0) {
      for (const topic of new Set(this.#unplaced.map(({ message }) => message.topic)))
        await sink.loadTopic(topic);
      const unplaced = this.#unplaced;
      let placed = 0;
      try {
        for (const { message, record } of unplaced) {
          const partitionCount = sink.partitionCount(message.topic);
          // Sent while the topics before it were asked for: the next round learns its topic.
          if (partitionCount === undefined) break;
          this.#place(message, record, partitionCount);
          placed++;
        }
      } finally {
        this.#unplaced = unplaced.slice(placed);
        this.#unplacedBytes = 0;
        for (const { record } of this.#unplaced) this.#unplacedBytes += sink.encodedBytes(record);
      }
    }
  }

  #place(message: ProducerMessage, record: OutgoingRecord, partitionCount: number): void {
    this.#accumulator.append(message.topic, this.#partitionOf(message, record, partitionCount), record);
  }

  #partitionOf(message: ProducerMessage, record: OutgoingRecord, partitionCount: number): number {
    if (message.partition !== undefined) {
      if (message.partition >= partitionCount) {
        throw new SendError(
          `partition ${message.partition} of topic '${message.topic}' does not exist: it has ${partitionCount}, numbered from 0`,
        );
      }
      return message.partition;
    }
    if (record.key === null) return this.#spread++ % partitionCount;
    const partition = this.#options.partitioner(record.key, partitionCount, message.topic);
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount) {
      throw new SendError(
        `The partitioner gave ${String(partition)} for topic '${message.topic}', which has ${partitionCount} partitions, numbered from 0`,
      );
    }
    return partition;
  }
}

/** Checks a message and turns text into bytes. */
function toRecord(message: ProducerMessage, wallNow: () => number): OutgoingRecord {
  const { topic, key, value, headers, partition, timestamp } = message;
  if (typeof topic !== 'string' || topic === '')
    throw new SendError(`topic must be the name of a topic, not ${show(topic)}`);
  if (partition !== undefined && (!Number.isInteger(partition) || partition < 0)) {
    throw new SendError(
      `partition must be 0, 1, 2, … or left out, not ${show(partition)} (topic '${topic}')`,
    );
  }
  if (timestamp !== undefined && (!Number.isSafeInteger(timestamp) || timestamp < 0)) {
    throw new SendError(
      `timestamp must be whole milliseconds since 1970, not ${show(timestamp)} (topic '${topic}')`,
    );
  }
  if (value === undefined) {
    throw new SendError(`value is missing (topic '${topic}'): give bytes or text, or null for a tombstone`);
  }
  return {
    key: key === undefined ? null : toBytes(key, 'key', topic),
    value: toBytes(value, 'value', topic),
    headers,
    timestamp: timestamp ?? wallNow(),
  };
}

function toBytes(value: unknown, what: string, topic: string): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  throw new SendError(
    `${what} must be a Buffer, text or null, not ${show(value)} (topic '${topic}'): encode it first`,
  );
}

function copyOf(record: OutgoingRecord): OutgoingRecord {
  const { key, value } = record;
  return {
    ...record,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  };
}

function usedAfterEnd(method: string, reason: string): LifecycleError {
  return new LifecycleError(
    `sender.${method}() was called after ${reason}: a sender belongs to one attempt at one batch. Is an await missing in process?`,
  );
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `an object of ${value.constructor.name}`;
  return typeof value === 'string' ? `'${value}'` : `${typeof value} ${String(value)}`;
}
