import type { BatchReport } from '../batch-report.ts';
import type { BatchTrigger } from '../message-processor.ts';
import { messageOutcomes, noTally, type MessageOutcome, type MessageTally } from '../message-tally.ts';
import type { TransactionOutcome } from '../stats.ts';

/** Counts what a run has done. */
export class RunTotals {
  #records = 0;
  #batches = 0;
  #sent = 0;
  #repeated = 0;
  #transactions: Record<TransactionOutcome, number> | null = null;
  readonly #byTrigger: Record<BatchTrigger, number> = { count: 0, bytes: 0, age: 0, memory: 0, end: 0 };
  readonly #tally: Record<MessageOutcome, number> = { ...noTally };

  /** A batch counts once it is committed; by trigger, once it was processed. */
  add({ step, records, sent, tally, trigger }: BatchReport): void {
    if (step === 'processed') this.#byTrigger[trigger]++;
    if (step !== 'committed') return;
    this.#records += records;
    this.#batches++;
    this.#sent += sent;
    if (tally !== noTally) this.#addTally(tally);
  }

  /** Records that were sent again and may be stored twice. */
  addRepeated(records: number): void {
    this.#repeated += records;
  }

  addTransaction(outcome: TransactionOutcome): void {
    this.#transactions ??= { committed: 0, aborted: 0, recovered: 0 };
    this.#transactions[outcome]++;
  }

  snapshot() {
    return {
      records: this.#records,
      batches: this.#batches,
      sent: this.#sent,
      repeated: this.#repeated,
      transactions: this.#transactions === null ? null : { ...this.#transactions },
      batchesByTrigger: { ...this.#byTrigger },
      tally: { ...this.#tally },
    };
  }

  #addTally(tally: MessageTally): void {
    for (const outcome of messageOutcomes) this.#tally[outcome] += tally[outcome];
  }
}
