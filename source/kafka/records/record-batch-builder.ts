import { ConfigError, LifecycleError } from '../../kernel/errors.ts';
import type { Compression, EncodedRecord, MeasuredRecord } from '../sink.ts';
import { writeInt64 } from '../wire/wire-writer.ts';
import { BATCH_HEADER_BYTES, BATCH_LENGTH_OVERHEAD, TRANSACTIONAL, writeChecksum } from './batch-header.ts';
import { type Codec, codecNamed } from './compression.ts';
import { recordBodyBytes, writeFields, writeRecordPlace } from './encode-record.ts';
import { varintBytes } from './varint.ts';

/**
 * A record batch that is complete but for its producer and checksum, which {@link stampBatch}
 * writes.
 */
export interface SealedBatch {
  readonly count: number;
  /** The whole batch, header included. */
  readonly bytes: Buffer;
  /** What it would have without compression. */
  readonly uncompressedBytes: number;
  /** The whole buffer that the builder had, if the batch is in it; undefined if it is compressed. */
  readonly buffer: Buffer | undefined;
}

/** Who sends a batch, for the broker to drop repeats. */
export interface BatchProducer {
  readonly producerId: bigint;
  readonly epoch: number;
  /** Sequence number of the first record; the others follow. */
  readonly baseSequence: number;
  /** Whether the batch belongs to the producer's open transaction. Default false. */
  readonly transactional?: boolean;
}

const INITIAL_BYTES = 512;
const MAGIC = 2;

/**
 * Encodes records into one batch (magic 2). Starts small and doubles, so that a builder for each of
 * many partitions is cheap.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export class RecordBatchBuilder {
  readonly #codec: Codec;
  #buffer: Buffer;
  #length = BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  #sealed = false;

  /** @param options.buffer to be filled first, the builder's own from now on; default: of 512 bytes */
  constructor(options: { readonly compression: Compression; readonly buffer?: Buffer }) {
    this.#codec = codecNamed(options.compression);
    this.#buffer = options.buffer ?? Buffer.allocUnsafe(INITIAL_BYTES);
  }

  /** Records in the batch. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, header included, uncompressed. */
  get bytes(): number {
    return this.#length;
  }

  /**
   * Copies a record into the batch and returns the bytes it takes there: exact, and never more than
   * those that were measured, less the batch header.
   *
   * @throws ConfigError for a wrong timestamp; the batch is then as it was before
   * @throws LifecycleError after {@link seal}
   */
  append(record: MeasuredRecord): number {
    const { timestamp, bytes } = record;
    const at = this.#begin(timestamp, bytes);
    return this.#end(timestamp, writeFields(this.#buffer, record, at));
  }

  /** As {@link append}, of a record whose fields are encoded already: they are copied as one piece. */
  appendEncoded({ buffer, start, end, timestamp, bytes }: Readonly<EncodedRecord>): number {
    const at = this.#begin(timestamp, bytes);
    this.#buffer.set(buffer.subarray(start, end), at);
    return this.#end(timestamp, at + end - start);
  }

  /**
   * Compresses the records and writes the header. The builder cannot be used any more: the batch
   * may be a view of its buffer.
   *
   * @throws LifecycleError without records, since brokers refuse an empty batch, or when called
   * again
   */
  seal(): SealedBatch {
    if (this.#sealed || this.#count === 0) {
      throw new LifecycleError(
        `A record batch is sealed once, with at least one record (${this.#count} here)`,
      );
    }
    this.#sealed = true;
    const uncompressed = this.#buffer.subarray(0, this.#length);
    const isPlain = this.#codec.bits === 0;
    const bytes = isPlain ? uncompressed : this.#compressed(uncompressed);
    this.#writeHeader(bytes);
    const buffer = isPlain ? this.#buffer : undefined;
    return { count: this.#count, bytes, uncompressedBytes: this.#length, buffer };
  }

  /** Makes room for a record, writes what comes before its fields, and returns where they begin. */
  #begin(timestamp: number, bytes: number): number {
    if (this.#sealed) throw new LifecycleError('This record batch is sealed: append to a new builder');
    if (!Number.isSafeInteger(timestamp)) throw badTimestamp(timestamp);
    const offsetDelta = this.#count;
    const timestampDelta = offsetDelta === 0 ? 0 : timestamp - this.#baseTimestamp;
    const bodyBytes = recordBodyBytes(bytes, timestampDelta, offsetDelta);
    const needed = this.#length + varintBytes(bodyBytes) + bodyBytes;
    if (needed > this.#buffer.length) this.#grow(needed);
    return writeRecordPlace(this.#buffer, timestampDelta, offsetDelta, bodyBytes, this.#length);
  }

  /** Counts the record that was written up to `end`, and returns its bytes. */
  #end(timestamp: number, end: number): number {
    const bytes = end - this.#length;
    this.#length = end;
    const isFirst = this.#count++ === 0;
    if (isFirst) this.#baseTimestamp = timestamp;
    if (isFirst || timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return bytes;
  }

  #compressed(batch: Buffer): Buffer {
    const records = this.#codec.compress(batch.subarray(BATCH_HEADER_BYTES));
    return Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), records]);
  }

  #writeHeader(batch: Buffer): void {
    writeInt64(batch, 0, 0);
    batch.writeInt32BE(batch.length - BATCH_LENGTH_OVERHEAD, 8);
    batch.writeInt32BE(-1, 12);
    batch.writeInt8(MAGIC, 16);
    batch.writeUInt32BE(0, 17);
    batch.writeInt16BE(this.#codec.bits, 21);
    batch.writeInt32BE(this.#count - 1, 23);
    writeInt64(batch, this.#baseTimestamp, 27);
    writeInt64(batch, this.#maxTimestamp, 35);
    writeProducer(batch, undefined);
    batch.writeInt32BE(this.#count, 57);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/**
 * Writes producer id, epoch and base sequence (-1 where there is no producer) and the checksum, in
 * place. Must be called before a batch is sent, and may be called again: a batch keeps nothing of
 * an earlier stamp.
 */
export function stampBatch(batch: SealedBatch, producer: BatchProducer | undefined): void {
  const { bytes } = batch;
  const attributes = bytes.readInt16BE(21) & ~TRANSACTIONAL;
  bytes.writeInt16BE(producer?.transactional === true ? attributes | TRANSACTIONAL : attributes, 21);
  writeProducer(bytes, producer);
  writeChecksum(bytes);
}

function writeProducer(batch: Buffer, producer: BatchProducer | undefined): void {
  batch.writeBigInt64BE(producer?.producerId ?? -1n, 43);
  batch.writeInt16BE(producer?.epoch ?? -1, 51);
  batch.writeInt32BE(producer?.baseSequence ?? -1, 53);
}

function badTimestamp(timestamp: number): ConfigError {
  return new ConfigError([`timestamp must be whole milliseconds since 1970, not ${timestamp}`], {
    what: 'Record to send',
  });
}
