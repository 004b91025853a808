import type { BatchReport, BatchStep } from '../batch-report.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RunReports } from '../run-reports.ts';
import type { BegunBatch } from './batcher.ts';

/**
 * Reports each step that a batch has completed, and how long it took. Holds none of the batch's
 * messages.
 */
export class BatchSteps {
  readonly records: number;
  readonly #batch: Pick<BatchReport, 'batch' | 'partition' | 'trigger' | 'records' | 'bytes' | 'ranges'>;
  readonly #reports: Pick<RunReports, 'batch'>;
  readonly #clock: Clock;
  #stepBegan: number;

  constructor(
    { batch, partition }: Pick<BatchReport, 'batch' | 'partition'>,
    { records, trigger, bytes, ranges }: BegunBatch,
    { reports, clock }: { reports: Pick<RunReports, 'batch'>; clock: Clock },
  ) {
    this.records = records;
    this.#batch = { batch, partition, trigger, records, bytes, ranges };
    this.#reports = reports;
    this.#clock = clock;
    this.#stepBegan = clock.now();
  }

  /** @param done what was sent and acked so far, and what became of messages */
  completed(step: BatchStep, { sent, tally }: Pick<BatchReport, 'sent' | 'tally'>): void {
    const now = this.#clock.now();
    const durationMs = now - this.#stepBegan;
    this.#stepBegan = now;
    this.#reports.batch({ step, ...this.#batch, sent, tally, durationMs });
  }
}
