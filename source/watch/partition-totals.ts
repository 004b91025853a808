import type { BatchReport } from '../batch-report.ts';
import type { Clock } from '../kernel/clock.ts';
import type { LastBatch } from '../stats.ts';

/** The last batch of a partition, while its steps are reported. */
interface Steps {
  readonly processMs: number;
  produceMs: number;
}

interface OfPartition {
  batches: number;
  underWay: Steps | undefined;
  last: LastBatch | null;
  /** The number of that batch. */
  lastBatch: number | undefined;
}

/** What a run has done in each partition, and what its last batch there took. */
export class PartitionTotals {
  readonly #wallNow: () => number;
  readonly #ofPartition = new Map<number, OfPartition>();
  readonly #records = new Map<number, Map<string, number>>();

  constructor(clock: Pick<Clock, 'wallNow'>) {
    this.#wallNow = () => clock.wallNow();
  }

  add(report: BatchReport): void {
    const partition = this.#of(report.partition);
    switch (report.step) {
      case 'processed':
        partition.underWay = { processMs: report.durationMs, produceMs: 0 };
        break;
      case 'flushed':
        if (partition.underWay !== undefined) partition.underWay.produceMs = report.durationMs;
        break;
      case 'stored':
        this.#ended(partition, report);
        break;
      case 'committed':
        this.#committed(partition, report);
        break;
    }
  }

  /** Messages of one topic-partition that were processed and committed. */
  records(topic: string, partition: number): number {
    return this.#records.get(partition)?.get(topic) ?? 0;
  }

  /** Batches that were committed. */
  batches(partition: number): number {
    return this.#ofPartition.get(partition)?.batches ?? 0;
  }

  lastBatch(partition: number): LastBatch | null {
    return this.#ofPartition.get(partition)?.last ?? null;
  }

  #ended(partition: OfPartition, { batch, records, bytes, sent, trigger, durationMs }: BatchReport): void {
    const { processMs = 0, produceMs = 0 } = partition.underWay ?? {};
    partition.underWay = undefined;
    partition.lastBatch = batch;
    const steps = { processMs, produceMs, storeMs: durationMs, commitMs: null };
    partition.last = { records, bytes, sent, trigger, ...steps, endedAt: this.#wallNow() };
  }

  #committed(partition: OfPartition, { batch, ranges, durationMs, partition: number }: BatchReport): void {
    partition.batches++;
    // The next batch may have come as far meanwhile: commits are pipelined.
    if (partition.last !== null && partition.lastBatch === batch)
      partition.last = { ...partition.last, commitMs: durationMs };
    const ofTopics = this.#records.get(number) ?? new Map<string, number>();
    this.#records.set(number, ofTopics);
    for (const { topic, records } of ranges) ofTopics.set(topic, (ofTopics.get(topic) ?? 0) + records);
  }

  #of(partition: number): OfPartition {
    let found = this.#ofPartition.get(partition);
    if (found === undefined) {
      found = { batches: 0, underWay: undefined, last: null, lastBatch: undefined };
      this.#ofPartition.set(partition, found);
    }
    return found;
  }
}
