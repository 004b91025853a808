import { LifecycleError, SendError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import type { MeasuredRecord, RecordAccumulator, RecordSink } from '../kafka/sink.ts';
import { checkFields, checkMessage, checkTopicName, SentRecord } from '../kafka/outgoing-record.ts';
import { checkForward, checkForwardFields, ForwardedRecord } from '../kafka/forwarded-record.ts';
import { type KeylessSpread, type Partitioner, partitionInPlace } from '../kafka/partitioner.ts';
import type { ConsumerMessage, ForwardFields, ProducerMessage } from '../message.ts';
import type { BatchOutput } from '../delivery/delivery.ts';
import type { Sender } from '../sender.ts';

/** What senders of one processor share. */
export interface SenderOptions {
  readonly sink: RecordSink;
  readonly partitioner: Partitioner;
  readonly keyless: KeylessSpread;
  readonly maxRecordBytes: number;
  readonly maxSendBufferBytes: number;
  /** Milliseconds since 1970, for records without a timestamp. */
  readonly wallNow: () => number;
  /**
   * Resolves when a flush that the user asks for may begin: when that of the batch before has ended.
   * undefined: at once. Rejects if that one failed.
   */
  readonly mayFlush?: (() => Promise<void>) | undefined;
}

/** A record that is checked and owns its bytes, and is not in the accumulator yet. */
interface Waiting {
  readonly topic: string;
  readonly partition: number | undefined;
  /**
   * Whether `partition` is one that the topic has; otherwise it is what the caller asked for, if
   * anything.
   */
  readonly isPlaced: boolean;
  readonly record: Sendable;
}

type Sendable = MeasuredRecord | ForwardedRecord;

/** The Sender of one attempt: records are encoded when they are sent, and wait per partition. */
export class BufferedSender implements Sender, BatchOutput {
  readonly #options: SenderOptions;
  readonly #accumulator: RecordAccumulator;
  /** Records of topics whose partitions are not known yet, and all that were sent after them. */
  #unplaced: Waiting[] = [];
  #held: Waiting[] = [];
  #isHolding = false;
  /** Of #unplaced and #held. */
  #waitingBytes = 0;
  #ended: string | undefined;
  /** For the records that are sent and encoded at once, one after another. */
  #sent: SentRecord | undefined;
  /** For the records that are forwarded, one after another. */
  #forwarded: ForwardedRecord | undefined;
  /** Records that were given to the accumulator, without those that were discarded. */
  #appended = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#accumulator = options.sink.accumulator();
  }

  /** Records that wait for a flush. */
  get count(): number {
    return this.#accumulator.count + this.#unplaced.length + this.#held.length;
  }

  /** Bytes that wait for a flush. */
  get bytes(): number {
    return this.#accumulator.bytes + this.#waitingBytes;
  }

  /** Records whose acks have come. */
  get sent(): number {
    return this.#appended - this.#accumulator.count;
  }

  send(message: ProducerMessage): void {
    if (this.#ended !== undefined) throw usedAfterEnd('send', this.#ended);
    checkMessage(message);
    checkFields(message);
    const { topic, partition } = message;
    const { sink, wallNow } = this.#options;
    const partitionCount = sink.partitionCount(topic);
    const mustWait = this.#mustWait(partitionCount);
    // What is not encoded now is copied, since the caller may reuse its buffers.
    const taken = mustWait ? new SentRecord() : (this.#sent ??= new SentRecord());
    const record = this.#accumulator.measure(taken.take(message, wallNow, mustWait));
    this.#checkBytes(topic, record.bytes);
    if (partitionCount === undefined || mustWait) this.#wait(topic, partition, record, partitionCount);
    else this.#append(topic, this.#partitionOf(topic, partition, record, partitionCount), record);
  }

  forward(message: ConsumerMessage, fields: ForwardFields): void {
    if (this.#ended !== undefined) throw usedAfterEnd('forward', this.#ended);
    checkForward(message, fields);
    checkForwardFields(fields);
    const { topic, partition } = fields;
    const { sink, wallNow } = this.#options;
    const partitionCount = sink.partitionCount(topic);
    const record = (this.#forwarded ??= new ForwardedRecord());
    record.take(message, fields, wallNow);
    this.#accumulator.measureEncoded(record);
    this.#checkBytes(topic, record.bytes);
    if (partitionCount === undefined || this.#mustWait(partitionCount))
      this.#wait(topic, partition, record.copy(), partitionCount);
    else this.#append(topic, this.#partitionOf(topic, partition, record, partitionCount), record);
  }

  hold(): void {
    this.#isHolding = true;
  }

  keep(): void {
    this.#isHolding = false;
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const waiting of held) {
      const { topic, partition, isPlaced, record } = waiting;
      if (this.#unplaced.length === 0 && isPlaced && partition !== undefined) {
        this.#append(topic, partition, record);
        this.#waitingBytes -= record.bytes;
      } else this.#unplaced.push(waiting);
    }
  }

  takeBack(): void {
    this.#isHolding = false;
    for (const { record } of this.#held) this.#waitingBytes -= record.bytes;
    this.#held = [];
  }

  flush(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(usedAfterEnd('flush', this.#ended));
    if (this.#isHolding) {
      this.keep();
      this.hold();
    }
    const { mayFlush } = this.#options;
    return mayFlush === undefined ? this.flushNow() : mayFlush().then(() => this.flushNow());
  }

  /** As {@link flush}, for the pipeline, which flushes after the attempt has ended. */
  async flushNow(): Promise<void> {
    await this.#placeAll();
    await this.#accumulator.flush();
  }

  /** Ends the attempt: later calls throw, and name the first reason. */
  end(reason: string): void {
    this.#ended ??= reason;
    // They would keep the responses of their last messages in memory until the commit.
    this.#sent = undefined;
    this.#forwarded = undefined;
  }

  /** Forgets what was not flushed. */
  discard(): void {
    this.#appended -= this.#accumulator.count;
    this.#accumulator.clear();
    this.#unplaced = [];
    this.#held = [];
    this.#waitingBytes = 0;
  }

  #mustWait(partitionCount: number | undefined): boolean {
    return this.#isHolding || partitionCount === undefined || this.#unplaced.length > 0;
  }

  #append(topic: string, partition: number, record: Sendable): void {
    if (record instanceof ForwardedRecord) this.#accumulator.appendEncoded(topic, partition, record);
    else this.#accumulator.append(topic, partition, record);
    this.#appended++;
  }

  /**
   * Learns the partitions of new topics, then encodes what waited for them. What cannot be placed
   * is kept.
   */
  async #placeAll(): Promise<void> {
    const { sink } = this.#options;
    while (this.#unplaced.length > 0) {
      for (const topic of new Set(this.#unplaced.map((waiting) => waiting.topic)))
        await sink.loadTopic(topic);
      const unplaced = this.#unplaced;
      let placed = 0;
      try {
        for (const { topic, partition, record } of unplaced) {
          const partitionCount = sink.partitionCount(topic);
          // Sent while the topics before it were asked for: the next round learns its topic.
          if (partitionCount === undefined) break;
          this.#append(topic, this.#partitionOf(topic, partition, record, partitionCount), record);
          this.#waitingBytes -= record.bytes;
          placed++;
        }
      } finally {
        this.#unplaced = unplaced.slice(placed);
      }
    }
  }

  /** Keeps a record that owns its bytes. */
  #wait(
    topic: string,
    explicit: number | undefined,
    record: Sendable,
    partitionCount: number | undefined,
  ): void {
    const isPlaced = partitionCount !== undefined;
    if (!isPlaced) checkTopicName(topic);
    const partition = isPlaced ? this.#partitionOf(topic, explicit, record, partitionCount) : explicit;
    (this.#isHolding ? this.#held : this.#unplaced).push({ topic, partition, isPlaced, record });
    this.#waitingBytes += record.bytes;
  }

  #checkBytes(topic: string, bytes: number): void {
    const { maxRecordBytes, maxSendBufferBytes } = this.#options;
    if (bytes > maxRecordBytes) {
      throw new SendError(
        `A record for topic '${topic}' is ${bytes} bytes, more than maxRecordBytes (${maxRecordBytes}). ` +
          "Send less, or raise maxRecordBytes together with the topic's max.message.bytes.",
      );
    }
    const waiting = this.bytes;
    if (waiting + bytes > maxSendBufferBytes) {
      throw new LifecycleError(
        `${this.count} records (${waiting} bytes) wait to be sent, and ${bytes} bytes more would exceed maxSendBufferBytes ` +
          `(${maxSendBufferBytes}): await sender.flush() now and then, make batches smaller, or raise the limit.`,
      );
    }
  }

  #partitionOf(
    topic: string,
    explicit: number | undefined,
    record: Sendable,
    partitionCount: number,
  ): number {
    if (explicit !== undefined) {
      if (explicit >= partitionCount) {
        throw new SendError(
          `partition ${explicit} of topic '${topic}' does not exist: it has ${partitionCount}, numbered from 0`,
        );
      }
      return explicit;
    }
    const { keyless, partitioner } = this.#options;
    let partition: number;
    if (record instanceof ForwardedRecord) {
      if (record.keyBytes < 0) return keyless.next(topic, partitionCount);
      partition = partitionInPlace(partitioner, record, partitionCount, topic);
    } else {
      if (record.key === null) return keyless.next(topic, partitionCount);
      partition = partitioner(record.key, partitionCount, topic);
    }
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount) {
      const given = isRefusedPromise(partition) ? 'a promise (it must not be async)' : String(partition);
      throw new SendError(
        `The partitioner gave ${given} for topic '${topic}', which has ${partitionCount} partitions, numbered from 0`,
      );
    }
    return partition;
  }
}

function usedAfterEnd(method: string, reason: string): LifecycleError {
  return new LifecycleError(
    `sender.${method}() was called after ${reason}: a sender belongs to one attempt at one batch. Is an await missing in process?`,
  );
}
