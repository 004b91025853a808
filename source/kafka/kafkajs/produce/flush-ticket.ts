import { ProduceError } from '../../../kernel/errors.ts';
import type { KasperError, ProduceOutcome } from '../../../kernel/errors.ts';
import type { SealedBatch } from '../../records/record-batch-builder.ts';
import type { ProducerId } from './producer-ids.ts';
import { listPartitions } from '../../../kernel/topic-partition.ts';

/** A sealed batch on its way to one partition. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly sealed: SealedBatch;
  /** An earlier attempt ended without a word on whether it is stored. */
  readonly maybeStored: boolean;
  /** It went out again after such an attempt, and was counted. */
  readonly repeated: boolean;
}

/**
 * A batch that the sink owns: from the moment it is queued until its outcome is known, or given up
 * on.
 */
export interface QueuedBatch extends OutgoingBatch {
  readonly ticket: FlushTicket;
  /**
   * Set with the first attempt: from then on these bytes belong to this id and their sequence
   * numbers.
   */
  stampedFor: ProducerId | undefined;
  maybeStored: boolean;
  repeated: boolean;
  /** Attempts that were written to a socket. */
  sent: number;
}

/** What became of a batch: stored, certainly not stored, or nobody knows. */
export type BatchOutcome = 'acked' | 'failed' | 'unknown';

/** One flush: collects the outcome of each of its batches. */
export class FlushTicket {
  /**
   * Resolves when every batch has an outcome; rejects with ProduceError if one of them is not
   * acked.
   */
  readonly done: Promise<void>;
  readonly #outcomes = new Map<OutgoingBatch, { outcome: BatchOutcome; error: KasperError | undefined }>();
  /** Batches that still have to be reported, or were. */
  #size: number;
  #settle: (error: ProduceError | undefined) => void = () => undefined;

  constructor(size: number) {
    this.#size = size;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  }

  report(batch: OutgoingBatch, outcome: BatchOutcome, error?: KasperError): void {
    this.#outcomes.set(batch, { outcome, error });
    if (this.#outcomes.size === this.#size) this.#settle(this.#failure());
  }

  /** One batch became `parts` others, which are reported in its place. */
  split(parts: number): void {
    this.#size += parts - 1;
  }

  /**
   * What was not acked, in the order in which it was given up: per partition, that of the records.
   */
  unsent(): OutgoingBatch[] {
    return [...this.#outcomes]
      .filter(([, { outcome }]) => outcome !== 'acked')
      .map(([{ topic, partition, sealed, maybeStored, repeated }]) => ({
        topic,
        partition,
        sealed,
        maybeStored,
        repeated,
      }));
  }

  #failure(): ProduceError | undefined {
    const of = (wanted: BatchOutcome): ProduceOutcome[] =>
      [...this.#outcomes]
        .filter(([, { outcome }]) => outcome === wanted)
        .map(([{ topic, partition, sealed }, { error }]) => ({
          topic,
          partition,
          records: sealed.count,
          ...(error === undefined ? {} : { error }),
        }));
    const failed = of('failed');
    const unknown = of('unknown');
    if (failed.length + unknown.length === 0) return undefined;
    const acked = of('acked');
    const errors = [...this.#outcomes.values()].flatMap(({ error }) => (error === undefined ? [] : [error]));
    const said = [`${records(acked)} records are stored`];
    if (failed.length > 0) said.push(`${records(failed)} are not (${listPartitions(distinct(failed))})`);
    if (unknown.length > 0)
      said.push(`${records(unknown)} may or may not be (${listPartitions(distinct(unknown))})`);
    return new ProduceError(`Sending failed: ${said.join(', ')}. ${errors[0]?.message ?? ''}`, {
      cause: errors[0],
      acked,
      failed,
      unknown,
      retriable: errors.every(({ retriable }) => retriable),
    });
  }
}

function records(outcomes: readonly ProduceOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + outcome.records, 0);
}

function distinct(outcomes: readonly ProduceOutcome[]): ProduceOutcome[] {
  return [...new Map(outcomes.map((outcome) => [`${outcome.topic}/${outcome.partition}`, outcome])).values()];
}
