import type { Batch } from './batcher.ts';
import type { BatchRange, BatchReport, BatchStep } from '../batch-report.ts';
import type { Clock } from '../kernel/clock.ts';
import type { BatchTrigger } from '../message-processor.ts';

/** Tells of each step that a batch has behind it, and how long it took. Holds none of the batch's messages. */
export class BatchProgress {
  readonly records: number;
  readonly #partition: number;
  readonly #trigger: BatchTrigger;
  readonly #bytes: number;
  readonly #ranges: readonly BatchRange[];
  readonly #onBatch: (report: BatchReport) => void;
  readonly #clock: Clock;
  #stepBegan: number;

  constructor(partition: number, batch: Batch, onBatch: (report: BatchReport) => void, clock: Clock) {
    this.records = batch.messages.length;
    this.#partition = partition;
    this.#trigger = batch.trigger;
    this.#bytes = batch.bytes;
    this.#ranges = batch.ranges;
    this.#onBatch = onBatch;
    this.#clock = clock;
    this.#stepBegan = clock.now();
  }

  /** @param sent records that were sent and acked so far */
  reached(step: BatchStep, sent: number): void {
    const now = this.#clock.now();
    const durationMs = now - this.#stepBegan;
    this.#stepBegan = now;
    this.#onBatch({
      step,
      partition: this.#partition,
      trigger: this.#trigger,
      records: this.records,
      bytes: this.#bytes,
      sent,
      ranges: this.#ranges,
      durationMs,
    });
  }
}
