import {
  assignOffsets,
  baseOffsetOf,
  batchBytes,
  lastOffsetDeltaOf,
  maxTimestampOf,
} from '../../kafka/records/batch-header.ts';
import { OpenTransactions } from './open-transactions.ts';

const FIRST_SEGMENT_BYTES = 1024;
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
const NO_EPOCH = -1;

/**
 * Batches one after another in one piece of memory, so that a read gives a few views, however many
 * batches there are.
 */
interface Segment {
  readonly buffer: Buffer;
  length: number;
  next: Segment | undefined;
}

interface BatchEntry {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly bytes: number;
  readonly segment: Segment;
  readonly position: number;
}

interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

/** How much of a log is read. */
export interface ReadLimits {
  readonly maxBytes: number;
  readonly wholeFirst: boolean;
  readonly before?: number;
}

/** A batch, and the offset after it. */
export interface FoundBatch {
  readonly batch: Buffer;
  readonly nextOffset: number;
}

/**
 * The log of one partition: record batches as opaque bytes, in memory. Nothing here looks into a
 * batch beyond its header.
 *
 * Written bytes never change, so views that were handed out stay valid, also after records were
 * deleted.
 */
export class PartitionLog {
  /** Batches from `#first` on; those before it were deleted. */
  #batches: (BatchEntry | undefined)[] = [];
  #first = 0;
  /** Without memory until something is written: topics may have thousands of partitions. */
  #tail: Segment = newSegment(0);
  #startOffset = 0;
  #endOffset = 0;
  #transactions = new OpenTransactions();
  readonly #epochs: EpochStart[] = [{ epoch: 0, startOffset: 0 }];

  get transactions(): OpenTransactions {
    return this.#transactions;
  }

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /**
   * The offset that the next record gets. Also the high watermark: every append counts as
   * replicated immediately.
   */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Where readers of committed records stop: at the first open transaction. */
  get lastStableOffset(): number {
    return this.transactions.firstOffset ?? this.#endOffset;
  }

  /** Copies the batch to the end of the log and returns its base offset. */
  append(batch: Buffer, leaderEpoch: number): number {
    const baseOffset = this.#endOffset;
    const entry = this.#store(batch, baseOffset);
    assignOffsets(entry.segment.buffer, entry.position, baseOffset, leaderEpoch);
    return baseOffset;
  }

  /** Copies the batch to the end with the base offset and leader epoch of its header. */
  appendAsIs(batch: Buffer): number {
    const baseOffset = baseOffsetOf(batch, 0);
    this.#store(batch, baseOffset);
    return baseOffset;
  }

  /**
   * Views of the log from the batch that holds `offset` on, `maxBytes` in all: the last batch may
   * be cut off. A first batch that is larger than `maxBytes` comes whole if `wholeFirst`, else
   * nothing comes.
   *
   * @param limits `before`: the batch that holds this offset, and what follows it, are left out
   */
  read(offset: number, { maxBytes, wholeFirst, before = this.#endOffset }: ReadLimits): Buffer[] {
    if (offset >= before) return [];
    const first = this.#batches[this.#find(offset)];
    if (first === undefined || first.lastOffset >= before) return [];
    if (first.bytes > maxBytes && !wholeFirst) return [];
    const stop = this.#batches[this.#find(before)];
    const views: Buffer[] = [];
    let left = Math.max(maxBytes, first.bytes);
    let position = first.position;
    for (let segment: Segment | undefined = first.segment; segment && left > 0; segment = segment.next) {
      const isLast = segment === stop?.segment;
      const end = Math.min(isLast ? stop.position : segment.length, position + left);
      if (end > position) views.push(segment.buffer.subarray(position, end));
      if (isLast) break;
      left -= end - position;
      position = 0;
    }
    return views;
  }

  /**
   * The offset after the batches that a read of this many bytes from `offset` on holds, those that
   * are cut off included.
   */
  readEnd(offset: number, bytes: number): number {
    let left = bytes;
    let end = offset;
    for (let i = this.#find(offset); left > 0 && i < this.#batches.length; i++) {
      const entry = this.#batches[i];
      if (entry === undefined) break;
      left -= entry.bytes;
      end = entry.lastOffset + 1;
    }
    return end;
  }

  /** Forgets all records before `offset`; batches that still hold later ones stay whole. */
  deleteBefore(offset: number): void {
    if (offset <= this.#startOffset) return;
    this.#startOffset = offset;
    this.transactions.deletedBefore(offset);
    const keep = this.#find(offset);
    this.#batches.fill(undefined, this.#first, keep);
    this.#first = keep;
    if (this.#first > 1024 && this.#first * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#first);
      this.#first = 0;
    }
  }

  /**
   * Cuts the log off before the batch that holds `offset`, or at it where compaction has left a hole,
   * and returns its new end. What a client
   * reads of it at this moment stays as it is: the bytes are not written to again.
   */
  truncate(offset: number): number {
    const first = this.#batches[this.#find(offset)];
    if (first === undefined) return this.#endOffset;
    this.#batches.length = this.#find(offset);
    this.#endOffset = Math.max(Math.min(first.baseOffset, offset), this.#startOffset);
    first.segment.length = first.position;
    first.segment.next = undefined;
    this.#tail = newSegment(0);
    first.segment.next = this.#tail;
    this.#transactions = new OpenTransactions();
    for (const entry of this.#entries()) this.#transactions.appended(bytesOf(entry), entry.baseOffset);
    return this.#endOffset;
  }

  /**
   * Puts what compaction has left in the place of all batches before an offset. Views that were handed
   * out stay valid; the log takes its memory twice meanwhile.
   */
  replaceBefore(before: number, batches: readonly Buffer[]): void {
    const later = this.#batches.slice(this.#find(before));
    this.#batches = [];
    this.#first = 0;
    this.#tail = newSegment(0);
    for (const batch of batches) this.#place(batch, baseOffsetOf(batch, 0));
    for (const entry of later) if (entry !== undefined) this.#place(bytesOf(entry), entry.baseOffset);
  }

  /** Calls back with the bytes of each batch that is there, and its first offset. */
  eachBatch(visit: (batch: Buffer, baseOffset: number) => void): void {
    for (const entry of this.#entries()) visit(bytesOf(entry), entry.baseOffset);
  }

  /**
   * The first batch that ends at `offset` or later and has a time since `timestamp` in its header;
   * undefined if there is none.
   */
  batchSince(offset: number, timestamp: number): FoundBatch | undefined {
    for (let i = this.#find(offset); i < this.#batches.length; i++) {
      const entry = this.#batches[i];
      if (entry === undefined || entry.maxTimestamp < timestamp) continue;
      return { batch: bytesOf(entry), nextOffset: entry.lastOffset + 1 };
    }
    return undefined;
  }

  /** A copy of every batch that is still readable, in order. */
  batches(): Buffer[] {
    const copies: Buffer[] = [];
    for (const entry of this.#entries()) copies.push(Buffer.from(bytesOf(entry)));
    return copies;
  }

  /** A leader with this epoch begins to write. */
  startEpoch(epoch: number): void {
    const startOffset = this.#endOffset;
    while (this.#epochs.length > 0 && (this.#epochs.at(-1)?.startOffset ?? -1) >= startOffset) {
      this.#epochs.pop();
    }
    this.#epochs.push({ epoch, startOffset });
  }

  /** The leader epoch of the record at `offset`, or of the next one to be written. */
  epochAt(offset: number): number {
    let epoch = -1;
    for (const entry of this.#epochs) {
      if (entry.startOffset <= offset) epoch = entry.epoch;
    }
    return epoch;
  }

  /**
   * The largest epoch up to `epoch` and the offset after its last record; both -1 for an epoch that
   * never was.
   *
   * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-320
   */
  endOfEpoch(epoch: number): { epoch: number; endOffset: number } {
    if (epoch === NO_EPOCH) return { epoch, endOffset: -1 };
    const index = this.#epochs.findLastIndex((entry) => entry.epoch <= epoch);
    const next = this.#epochs[index + 1];
    const known = this.#epochs[index];
    if (known?.epoch === epoch && next === undefined) return { epoch, endOffset: this.#endOffset };
    if (next === undefined) return { epoch: NO_EPOCH, endOffset: -1 };
    return { epoch: known?.epoch ?? epoch, endOffset: next.startOffset };
  }

  *#entries(): Generator<BatchEntry> {
    for (const entry of this.#batches) if (entry !== undefined) yield entry;
  }

  #store(batch: Buffer, baseOffset: number): BatchEntry {
    const entry = this.#place(batch, baseOffset);
    this.#endOffset = entry.lastOffset + 1;
    this.transactions.appended(batch, baseOffset);
    return entry;
  }

  #place(batch: Buffer, baseOffset: number): BatchEntry {
    const bytes = batchBytes(batch, 0);
    const segment = this.#segmentFor(bytes);
    const position = segment.length;
    batch.copy(segment.buffer, position, 0, bytes);
    segment.length += bytes;
    const lastOffset = baseOffset + lastOffsetDeltaOf(batch, 0);
    const entry: BatchEntry = {
      baseOffset,
      lastOffset,
      maxTimestamp: maxTimestampOf(batch, 0),
      bytes,
      segment,
      position,
    };
    this.#batches.push(entry);
    return entry;
  }

  #segmentFor(bytes: number): Segment {
    const tail = this.#tail;
    if (tail.length + bytes <= tail.buffer.length) return tail;
    const grown = Math.min(MAX_SEGMENT_BYTES, Math.max(FIRST_SEGMENT_BYTES, tail.buffer.length * 2));
    const next = newSegment(Math.max(grown, bytes));
    tail.next = next;
    this.#tail = next;
    return next;
  }

  /**
   * Index of the first batch whose last offset is not below `offset`; the length of the list if
   * there is none.
   */
  #find(offset: number): number {
    let low = this.#first;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#batches[middle];
      if (entry === undefined || entry.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function newSegment(bytes: number): Segment {
  return { buffer: Buffer.allocUnsafeSlow(bytes), length: 0, next: undefined };
}

function bytesOf(entry: BatchEntry): Buffer {
  return entry.segment.buffer.subarray(entry.position, entry.position + entry.bytes);
}
