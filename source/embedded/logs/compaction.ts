import {
  BATCH_HEADER_BYTES,
  CODEC_MASK,
  CONTROL,
  DELETE_HORIZON,
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  lastOffsetDeltaOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '../../kafka/records/batch-header.ts';
import { codecOf } from '../../kafka/records/compression.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { RecordError } from '../../kernel/errors.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import { CleanedTransactions } from './cleaned-transactions.ts';
import { MAX_INFLATED_BYTES } from './inflated-records.ts';
import type { AbortedRange } from './open-transactions.ts';
import type { BatchSummary } from './producer-state.ts';
import { RecordWalk } from './record-walk.ts';
import type { WalkedRecords } from './record-walk.ts';
import { emptiedBatch, rewriteBatch } from './rewrite-batch.ts';

/** A log to compact, as far as compaction may look at it. */
export interface CompactedLog {
  /** `topic/partition`, for messages. */
  readonly name: string;
  readonly batches: readonly Buffer[];
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedRange[];
  /** Whether it is what the log knows of a producer that is active: its last sequence or epoch. */
  isLastOfProducer(batch: BatchSummary): boolean;
}

/** How a log is compacted. */
export interface CompactionRules extends Pick<TopicConfig, 'minCompactionLagMs' | 'deleteRetentionMs'> {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How many of the last batches are left alone, as a broker leaves the file to which it writes. */
  readonly activeBatches: number;
}

/** What is left of the part of a log that was compacted. */
export interface Compacted {
  /** The batches before this offset are to be replaced. */
  readonly before: number;
  readonly batches: readonly Buffer[];
  /** Aborted transactions of that part that readers must still know. */
  readonly aborted: readonly AbortedRange[];
}

/**
 * Compacts a log as a broker does: the last record of each key stays, with its offset. A broker cleans
 * whole segments of its files; here each batch is one.
 *
 * @returns undefined where there is nothing to compact
 * @throws RecordError for a batch whose records are damaged, ConfigError for a codec that cannot be
 *   loaded on this platform
 * @see https://kafka.apache.org/documentation/#compaction
 */
export function compacted(log: CompactedLog, rules: CompactionRules): Compacted | undefined {
  const cleanable = log.batches.slice(0, cleanableCount(log, rules));
  const last = cleanable.at(-1);
  if (last === undefined) return undefined;
  const before = lastOffsetOf(last) + 1;
  const offsets = new Map<string, number>();
  const toMap = new CleanedTransactions(log.aborted);
  const transactions = new CleanedTransactions(log.aborted);
  const batches: Buffer[] = [];
  eachBatch(cleanable, log.name, (batch) => {
    if (!toMap.isVoid(batch) && !isControl(batch)) mapKeys(batch, offsets);
  });
  eachBatch(cleanable, log.name, (batch) => {
    const left = new BatchCleaner(batch, transactions.isVoid(batch), rules).clean(offsets);
    if (left !== undefined) batches.push(left);
    // The last sequence of a producer stays known, and where the cleaned part ends.
    else if (batch === last || log.isLastOfProducer(summaryOf(batch))) batches.push(emptiedBatch(batch));
  });
  const beyond = log.aborted.filter(({ lastOffset }) => lastOffset >= before);
  return { before, batches, aborted: [...transactions.kept, ...beyond] };
}

/** How many batches from the start may be cleaned: nothing that is open, active or young. */
function cleanableCount(log: CompactedLog, rules: CompactionRules): number {
  const { batches, lastStableOffset } = log;
  const youngest = rules.minCompactionLagMs > 0 ? rules.now - rules.minCompactionLagMs : Infinity;
  const upTo = Math.max(0, batches.length - rules.activeBatches);
  const first = batches.findIndex(
    (batch) => lastOffsetOf(batch) >= lastStableOffset || maxTimestampOf(batch, 0) > youngest,
  );
  return first === -1 ? upTo : Math.min(first, upTo);
}

/** Says of which batch an error speaks. */
function eachBatch(batches: readonly Buffer[], name: string, visit: (batch: Buffer) => void): void {
  for (const batch of batches) {
    try {
      visit(batch);
    } catch (cause) {
      if (!(cause instanceof RecordError)) throw cause;
      const place = `The record batch at offset ${baseOffsetOf(batch, 0)} of ${name}`;
      throw new RecordError(`${place} cannot be compacted: ${cause.message}`, { cause });
    }
  }
}

/** Notes the offsets of all keys of a batch: later batches have later ones. */
function mapKeys(batch: Buffer, offsets: Map<string, number>): void {
  const records = inflated(batch);
  const walk = new RecordWalk(records);
  const baseOffset = baseOffsetOf(batch, 0);
  for (let left = recordCountOf(batch, 0); left > 0; left--) {
    step(walk);
    if (walk.hasKey) offsets.set(keyOf(records, walk), baseOffset + walk.offsetDelta);
  }
}

/** Decides what stays of one batch. */
class BatchCleaner {
  readonly #batch: Buffer;
  readonly #isVoid: boolean;
  readonly #rules: CompactionRules;
  /** When its tombstones or markers may be removed, undefined while nobody has said so. */
  readonly #horizon: number | undefined;

  constructor(batch: Buffer, isVoid: boolean, rules: CompactionRules) {
    this.#batch = batch;
    this.#isVoid = isVoid;
    this.#rules = rules;
    const hasHorizon = (attributesOf(batch, 0) & DELETE_HORIZON) !== 0;
    this.#horizon = hasHorizon ? baseTimestampOf(batch, 0) : undefined;
  }

  /** Undefined where no record stays. */
  clean(offsets: ReadonlyMap<string, number>): Buffer | undefined {
    const count = recordCountOf(this.#batch, 0);
    if (count === 0) return undefined;
    if (isControl(this.#batch)) {
      if (this.#isVoid && this.#isHorizonReached) return undefined;
      return this.#isVoid && this.#horizon === undefined ? this.#withHorizon() : this.#batch;
    }
    return this.#isVoid ? undefined : this.#cleanRecords(count, offsets);
  }

  #cleanRecords(count: number, offsets: ReadonlyMap<string, number>): Buffer | undefined {
    const batch = this.#batch;
    const records = inflated(batch);
    const walk = new RecordWalk(records);
    const baseOffset = baseOffsetOf(batch, 0);
    const keepsTombstones = !this.#isHorizonReached;
    const kept = new Uint8Array(count);
    let keptCount = 0;
    let hasTombstone = false;
    for (let place = 0; place < count; place++) {
      step(walk);
      // A record without a key is older than the topic's policy, and is dropped.
      const isLast = walk.hasKey && offsets.get(keyOf(records, walk)) === baseOffset + walk.offsetDelta;
      if (!isLast || !(walk.hasValue || keepsTombstones)) continue;
      kept[place] = 1;
      keptCount++;
      hasTombstone ||= !walk.hasValue;
    }
    if (keptCount === 0) return undefined;
    const needsHorizon = hasTombstone && this.#horizon === undefined;
    if (keptCount === count && !needsHorizon) return batch;
    const horizon = needsHorizon ? this.#newHorizon : this.#horizon;
    const codec = attributesOf(batch, 0) & CODEC_MASK;
    return rewriteBatch(batch, records, {
      codec,
      kept,
      ...(horizon !== undefined && { deleteHorizonMs: horizon }),
    });
  }

  #withHorizon(): Buffer {
    const batch = this.#batch;
    return rewriteBatch(batch, inflated(batch), { codec: 0, deleteHorizonMs: this.#newHorizon });
  }

  get #newHorizon(): number {
    return this.#rules.now + this.#rules.deleteRetentionMs;
  }

  get #isHorizonReached(): boolean {
    return this.#horizon !== undefined && this.#rules.now >= this.#horizon;
  }
}

function step(walk: RecordWalk): void {
  if (walk.next() !== ErrorCodes.NONE) throw new RecordError('its records are damaged');
}

/** Its bytes as text, a letter for each. */
function keyOf({ bytes }: WalkedRecords, { keyAt, keyEnd }: RecordWalk): string {
  return bytes.toString('latin1', keyAt, keyEnd);
}

function inflated(batch: Buffer): WalkedRecords {
  const codec = attributesOf(batch, 0) & CODEC_MASK;
  if (codec === 0) return { bytes: batch, start: BATCH_HEADER_BYTES, wereCompressed: false };
  const bytes = codecOf(codec).decompress(batch.subarray(BATCH_HEADER_BYTES), MAX_INFLATED_BYTES);
  return { bytes, start: 0, wereCompressed: true };
}

function isControl(batch: Buffer): boolean {
  return (attributesOf(batch, 0) & CONTROL) !== 0;
}

function lastOffsetOf(batch: Buffer): number {
  return baseOffsetOf(batch, 0) + lastOffsetDeltaOf(batch, 0);
}

function summaryOf(batch: Buffer): BatchSummary {
  return {
    producerId: producerIdOf(batch, 0),
    epoch: producerEpochOf(batch, 0),
    lastOffset: lastOffsetOf(batch),
    isControl: isControl(batch),
  };
}
