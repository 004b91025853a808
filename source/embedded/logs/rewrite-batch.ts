import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_OVERHEAD,
  CODEC_MASK,
  COUNT_AT,
  DELETE_HORIZON,
  LAST_OFFSET_DELTA_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  attributesOf,
  lastOffsetDeltaOf,
  recordCountOf,
  writeChecksum,
} from '../../kafka/records/batch-header.ts';
import { codecOf } from '../../kafka/records/compression.ts';
import {
  MAX_VARINT_BYTES,
  MAX_VARLONG_BYTES,
  varintBytes,
  varlongBytes,
  writeVarint,
  writeVarlong,
} from '../../kafka/records/varint.ts';
import { RecordWalk } from './record-walk.ts';
import type { WalkedRecords } from './record-walk.ts';

const ATTRIBUTES_BYTES = 1;
const NO_TIMESTAMP = -1n;

/** How a batch is written anew. */
export interface Rewriting {
  /** Number of the codec. */
  readonly codec: number;
  /** By their places in the batch, which of its records stay (1). Default: all. */
  readonly kept?: Uint8Array;
  /**
   * It comes from a producer: records get the offsets 0, 1 and so on, and their own times. Default:
   * they keep their offsets, and the batch its last one.
   */
  readonly isRenumbered?: boolean;
  /** When compaction may remove tombstones and markers, in milliseconds since 1970. Default: nothing is said. */
  readonly deleteHorizonMs?: number;
}

/**
 * Writes some records of a batch, at least one, or all of them into a new batch with the same
 * producer, as a broker does when it compacts or recompresses one. Times are as they were; in a batch
 * with the broker's time all records have that one.
 *
 * @param records of the batch, which were checked
 */
export function rewriteBatch(batch: Buffer, records: WalkedRecords, rewriting: Rewriting): Buffer {
  const written = new RecordWriter(batch, records, rewriting);
  const { codec, isRenumbered = false, deleteHorizonMs } = rewriting;
  const header = Buffer.from(batch.subarray(0, BATCH_HEADER_BYTES));
  const bodies = codecOf(codec).compress(written.bytes);
  const horizon = deleteHorizonMs === undefined ? 0 : DELETE_HORIZON;
  const attributes = attributesOf(batch, 0) & ~(CODEC_MASK | DELETE_HORIZON);
  header.writeInt16BE(attributes | codec | horizon, ATTRIBUTES_AT);
  const lastOffsetDelta = isRenumbered ? written.count - 1 : lastOffsetDeltaOf(batch, 0);
  header.writeInt32BE(lastOffsetDelta, LAST_OFFSET_DELTA_AT);
  header.writeBigInt64BE(written.baseTimestamp, BASE_TIMESTAMP_AT);
  header.writeBigInt64BE(written.maxTimestamp, MAX_TIMESTAMP_AT);
  header.writeInt32BE(written.count, COUNT_AT);
  return finished(Buffer.concat([header, bodies]));
}

/** The header of a batch alone, as compaction leaves it where the last sequence of a producer must stay known. */
export function emptiedBatch(batch: Buffer): Buffer {
  const header = Buffer.from(batch.subarray(0, BATCH_HEADER_BYTES));
  header.writeInt16BE(attributesOf(batch, 0) & ~(CODEC_MASK | DELETE_HORIZON), ATTRIBUTES_AT);
  header.writeBigInt64BE(NO_TIMESTAMP, BASE_TIMESTAMP_AT);
  header.writeInt32BE(0, COUNT_AT);
  return finished(header);
}

function finished(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - BATCH_LENGTH_OVERHEAD, 8);
  writeChecksum(batch);
  return batch;
}

/** Encodes the records that stay, with places and times that fit the new header. */
class RecordWriter {
  count = 0;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  #buffer: Buffer;
  #length = 0;

  constructor(batch: Buffer, records: WalkedRecords, rewriting: Rewriting) {
    const { kept, isRenumbered = false, deleteHorizonMs } = rewriting;
    const hasAppendTime = !isRenumbered && (attributesOf(batch, 0) & LOG_APPEND_TIME) !== 0;
    const formerBase = batch.readBigInt64BE(BASE_TIMESTAMP_AT);
    const formerMax = batch.readBigInt64BE(MAX_TIMESTAMP_AT);
    this.#buffer = Buffer.allocUnsafe(records.bytes.length - records.start + 64);
    const walk = new RecordWalk(records);
    let base: bigint | undefined = deleteHorizonMs === undefined ? undefined : BigInt(deleteHorizonMs);
    // What a time of the former batch counts here: of a record, from the new base on.
    let shift = base === undefined ? 0 : Number(formerBase - base);
    let maxDelta = -Infinity;
    const count = recordCountOf(batch, 0);
    for (let place = 0; place < count; place++) {
      walk.next();
      if (kept?.[place] === 0) continue;
      if (base === undefined) {
        base = hasAppendTime ? formerMax : formerBase + BigInt(walk.timestampDelta);
        shift = -walk.timestampDelta;
      }
      const delta = hasAppendTime ? Number(formerMax - base) : walk.timestampDelta + shift;
      if (delta > maxDelta) maxDelta = delta;
      this.#write(records.bytes, walk, delta, isRenumbered ? this.count : walk.offsetDelta);
      this.count++;
    }
    this.baseTimestamp = base ?? NO_TIMESTAMP;
    this.maxTimestamp = hasAppendTime ? formerMax : this.baseTimestamp + BigInt(maxDelta);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #write(source: Buffer, walk: RecordWalk, timestampDelta: number, offsetDelta: number): void {
    const fieldBytes = walk.at - walk.fieldsAt;
    const bodyBytes = ATTRIBUTES_BYTES + varlongBytes(timestampDelta) + varintBytes(offsetDelta) + fieldBytes;
    this.#makeRoom(bodyBytes);
    const buffer = this.#buffer;
    let at = writeVarint(buffer, bodyBytes, this.#length);
    buffer[at++] = 0;
    at = writeVarlong(buffer, timestampDelta, at);
    at = writeVarint(buffer, offsetDelta, at);
    source.copy(buffer, at, walk.fieldsAt, walk.at);
    this.#length = at + fieldBytes;
  }

  #makeRoom(bodyBytes: number): void {
    const needed = this.#length + bodyBytes + MAX_VARINT_BYTES + MAX_VARLONG_BYTES;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
