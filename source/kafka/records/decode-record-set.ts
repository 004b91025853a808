import { crc32c } from '@node-rs/crc32';
import { RecordError } from '../../kernel/errors.ts';
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts';
import {
  attributesOf,
  BATCH_HEADER_BYTES,
  batchBytes,
  baseOffsetOf,
  baseTimestampOf,
  CODEC_MASK,
  CONTROL,
  CRC_START,
  crcOf,
  lastOffsetDeltaOf,
  leaderEpochOf,
  LOG_APPEND_TIME,
  magicOf,
  maxTimestampOf,
  producerIdOf,
  recordCountOf,
  TRANSACTIONAL,
} from './batch-header.ts';
import { BatchView } from './batch-view.ts';
import { codecOf } from './compression.ts';
import { decodeRecords } from './decode-records.ts';
import { RecordList } from './record-list.ts';

export type { AbortedTransaction } from './aborted-transactions.ts';

export interface DecodeOptions {
  readonly topic: string;
  readonly partition: number;
  /** Records below are dropped: a fetch from inside a batch returns the whole batch. */
  readonly fromOffset: number;
  /**
   * From the fetch answer with read_committed; undefined or empty: nothing is filtered. Control
   * batches never yield messages in either isolation.
   */
  readonly aborted: readonly AbortedTransaction[] | undefined;
  /** A batch that inflates to more bytes than this is a RecordError. */
  readonly maxInflatedBytes: number;
  /**
   * Once the inflated bytes of this call exceed this, no further batch is inflated, but always at
   * least one: what is left is to be fetched again from `nextOffset`.
   */
  readonly inflateBudget: number;
}

export interface DecodedRecordSet {
  readonly messages: RecordList;
  /**
   * The offset after the last batch that was decoded, also of one that held no records;
   * `fromOffset` if there was none.
   */
  readonly nextOffset: number;
  /** Leader epoch of the last batch that was decoded, -1 if there was none. */
  readonly leaderEpoch: number;
  /**
   * Memory that the messages keep alive: the record set, if any of them reads from it, and what was
   * inflated for them.
   */
  readonly bytes: number;
  /** Bytes of the messages, as encoded, decompressed. */
  readonly recordBytes: number;
  /** The record set ends within its first batch: ask for more bytes. */
  readonly partialOnly: boolean;
}

/** Type of the control record that ends an aborted transaction; 1 is a commit. */
const ABORT_MARKER = 0;
const DAMAGED =
  'Its bytes are damaged, or its producer wrote it wrong: check it with kafka-dump-log.sh on the broker';

/** The magic byte, which says the format, is at the same place in all of them. */
const BYTES_UP_TO_MAGIC = 17;

/**
 * Decodes the record set of one partition in a fetch answer: record batches, of which the broker
 * may cut off the last one. Checksums and all lengths are checked here; messages read their parts
 * when asked.
 *
 * Batches that yield nothing (control batches, aborted transactions, batches that compaction
 * emptied) advance `nextOffset` like any other.
 *
 * @throws RecordError for a damaged batch, one that inflates beyond the bound, an unknown codec,
 * the formats before Kafka 0.11, and offsets beyond 2^53 - 1; it names topic, partition and offset
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function decodeRecordSet(recordSet: Buffer, options: DecodeOptions): DecodedRecordSet {
  const decoder = new RecordSetDecoder(recordSet, options);
  let at = 0;
  try {
    while (decoder.hasBatchAt(at)) at = decoder.decodeBatchAt(at);
  } catch (error) {
    throw placed(error, recordSet, at, options);
  }
  return decoder.result(at);
}

class RecordSetDecoder {
  readonly #recordSet: Buffer;
  readonly #options: DecodeOptions;
  readonly #aborted: AbortedTransactions | undefined;
  readonly #messages = new RecordList();
  #nextOffset: number;
  #leaderEpoch = -1;
  #inflatedBytes = 0;
  /** Inflated bytes that a message reads from. */
  #inflatedBytesKept = 0;
  #recordSetKept = false;
  #recordBytes = 0;

  constructor(recordSet: Buffer, options: DecodeOptions) {
    const { aborted } = options;
    this.#recordSet = recordSet;
    this.#options = options;
    this.#aborted =
      aborted !== undefined && aborted.length > 0 ? new AbortedTransactions(aborted) : undefined;
    this.#nextOffset = options.fromOffset;
  }

  /** Whether a whole batch stands there that this call is still to decode. */
  hasBatchAt(at: number): boolean {
    const left = this.#recordSet.length - at;
    if (left < BYTES_UP_TO_MAGIC) return false;
    const magic = magicOf(this.#recordSet, at);
    if (magic !== 2) throw wrongFormat(magic);
    const bytes = batchBytes(this.#recordSet, at);
    if (bytes < BATCH_HEADER_BYTES) {
      throw new RecordError(`it claims to have ${bytes} bytes, fewer than its header. ${DAMAGED}`);
    }
    if (bytes > left) return false;
    return at === 0 || this.#inflatedBytes <= this.#options.inflateBudget || this.#codecBits(at) === 0;
  }

  /** Decodes the batch and returns the position after it. */
  decodeBatchAt(at: number): number {
    const recordSet = this.#recordSet;
    const end = at + batchBytes(recordSet, at);
    checkCrc(recordSet, at, end);
    const baseOffset = baseOffsetOf(recordSet, at);
    const lastOffsetDelta = lastOffsetDeltaOf(recordSet, at);
    const count = recordCountOf(recordSet, at);
    const lastOffset = baseOffset + lastOffsetDelta;
    if (baseOffset < 0 || lastOffsetDelta < 0 || count < 0 || !Number.isSafeInteger(lastOffset + 1)) {
      throw new RecordError(
        `its header is impossible: base offset ${baseOffset}, last offset delta ${lastOffsetDelta}, ${count} records. ${DAMAGED}`,
      );
    }
    const yieldsMessages = this.#yieldsMessages(at, end, lastOffset);
    // Compaction keeps the header of a batch without records; there may be nothing to inflate.
    if (yieldsMessages && count > 0 && lastOffset >= this.#nextOffset) this.#decodeMessages(at, end);
    this.#nextOffset = Math.max(this.#nextOffset, lastOffset + 1);
    this.#leaderEpoch = leaderEpochOf(recordSet, at);
    return end;
  }

  result(decodedBytes: number): DecodedRecordSet {
    return {
      messages: this.#messages,
      nextOffset: this.#nextOffset,
      leaderEpoch: this.#leaderEpoch,
      bytes: this.#inflatedBytesKept + (this.#recordSetKept ? this.#recordSet.length : 0),
      recordBytes: this.#recordBytes,
      partialOnly: decodedBytes === 0 && this.#recordSet.length > 0,
    };
  }

  /** False for control batches and for what an aborted transaction wrote. */
  #yieldsMessages(at: number, end: number, lastOffset: number): boolean {
    const attributes = attributesOf(this.#recordSet, at);
    const isControl = (attributes & CONTROL) !== 0;
    const aborted = this.#aborted;
    if (aborted === undefined) return !isControl;
    aborted.advanceTo(lastOffset);
    const producerId = producerIdOf(this.#recordSet, at);
    if (isControl) {
      if (this.#isAbortMarker(at, end)) aborted.end(producerId);
      return false;
    }
    return (attributes & TRANSACTIONAL) === 0 || !aborted.has(producerId);
  }

  /** The key of a control record is its version and its type, two 16-bit numbers. */
  #isAbortMarker(at: number, end: number): boolean {
    const records = new RecordList();
    this.#decodeRecords(this.#view(at, end), at, end, 0, records);
    const key = records.at(0)?.key ?? null;
    return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER;
  }

  #decodeMessages(at: number, end: number): void {
    const messages = this.#messages;
    const before = messages.length;
    const view = this.#view(at, end);
    this.#recordBytes += this.#decodeRecords(view, at, end, this.#nextOffset, messages);
    if (messages.length === before) return;
    if (view.buffer === this.#recordSet) this.#recordSetKept = true;
    else this.#inflatedBytesKept += view.buffer.length;
  }

  #decodeRecords(view: BatchView, at: number, end: number, from: number, messages: RecordList): number {
    const inPlace = view.buffer === this.#recordSet;
    const section = {
      start: inPlace ? at + BATCH_HEADER_BYTES : 0,
      end: inPlace ? end : view.buffer.length,
      count: recordCountOf(this.#recordSet, at),
      lastOffsetDelta: lastOffsetDeltaOf(this.#recordSet, at),
    };
    return decodeRecords(view, section, from, messages);
  }

  /** What the records of the batch share; inflates them if need be. */
  #view(at: number, end: number): BatchView {
    const recordSet = this.#recordSet;
    const stampedByBroker = (attributesOf(recordSet, at) & LOG_APPEND_TIME) !== 0;
    const records = this.#codecBits(at) === 0 ? recordSet : this.#inflate(at, end);
    return new BatchView(records, {
      topic: this.#options.topic,
      partition: this.#options.partition,
      baseOffset: baseOffsetOf(recordSet, at),
      baseTimestamp: baseTimestampOf(recordSet, at),
      appendTime: stampedByBroker ? maxTimestampOf(recordSet, at) : undefined,
    });
  }

  #inflate(at: number, end: number): Buffer {
    const bits = this.#codecBits(at);
    const compressed = this.#recordSet.subarray(at + BATCH_HEADER_BYTES, end);
    const inflated = codecOf(bits).decompress(compressed, this.#options.maxInflatedBytes);
    this.#inflatedBytes += inflated.length;
    return inflated;
  }

  #codecBits(at: number): number {
    return attributesOf(this.#recordSet, at) & CODEC_MASK;
  }
}

function checkCrc(recordSet: Buffer, at: number, end: number): void {
  const expected = crcOf(recordSet, at);
  const actual = crc32c(recordSet.subarray(at + CRC_START, end));
  if (actual === expected) return;
  throw new RecordError(
    `its checksum is ${hex(expected)} but its bytes give ${hex(actual)}: they were damaged on a disk or on the way. ` +
      'Check the broker with kafka-dump-log.sh; if its copy is damaged, read from another replica or seek past this batch',
  );
}

function wrongFormat(magic: number): RecordError {
  return magic === 0 || magic === 1
    ? new RecordError(
        `it has message format ${magic}, from before Kafka 0.11, which is not supported. Copy the topic to a new one with a ` +
          'client that still reads this format, such as the Java client 3.9, and read the copy',
      )
    : new RecordError(`it has the unknown message format ${magic}. ${DAMAGED}`);
}

/** The same error, saying which batch it speaks of. */
function placed(error: unknown, recordSet: Buffer, at: number, options: DecodeOptions): unknown {
  if (!(error instanceof RecordError)) return error;
  return new RecordError(
    `The record batch at offset ${recordSet.readBigInt64BE(at)} of partition ${options.partition} of topic ` +
      `${options.topic} cannot be read: ${error.message}`,
    error.cause === undefined ? {} : { cause: error.cause },
  );
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
