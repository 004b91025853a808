import type { ReportedBatch, ReportedProcessor } from './page-report.ts';

/** Averages, in ms, over the batches that ended since the previous sample; null if none did. */
export interface StepTimes {
  readonly process: number | null;
  readonly produce: number | null;
  readonly store: number | null;
  readonly commit: number | null;
}

/**
 * How long batches took, by step. A report has only the last batch of each partition: of several
 * batches between two samples, one represents all.
 */
export class BatchTimes {
  static readonly none: StepTimes = { process: null, produce: null, store: null, commit: null };
  #endedBefore = -Infinity;

  add(processors: readonly ReportedProcessor[]): StepTimes {
    const batches = processors
      .flatMap(({ partitionProcessors }) => partitionProcessors)
      .map(({ lastBatch }) => lastBatch)
      .filter((batch) => batch !== null);
    const fresh = batches.filter(({ endedAt }) => endedAt > this.#endedBefore);
    this.#endedBefore = batches.reduce((latest, { endedAt }) => Math.max(latest, endedAt), this.#endedBefore);
    if (fresh.length === 0) return BatchTimes.none;
    return {
      process: mean(fresh, ({ processMs }) => processMs),
      produce: mean(fresh, ({ produceMs }) => produceMs),
      store: mean(fresh, ({ storeMs }) => storeMs),
      commit: mean(fresh, ({ commitMs }) => commitMs),
    };
  }
}

function mean(batches: readonly ReportedBatch[], value: (batch: ReportedBatch) => number | null): number {
  const values = batches.map(value).filter((ms) => ms !== null);
  return values.reduce((total, ms) => total + ms, 0) / Math.max(1, values.length);
}
