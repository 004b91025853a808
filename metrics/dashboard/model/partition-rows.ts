import { CounterWindow } from './counter-window.ts';
import type { NamedProcessor } from './processors.ts';
import type { ReportedBatch, ReportedPartition } from './page-report.ts';

/** All that the table shows of one topic-partition. */
export interface PartitionRow extends ReportedPartition {
  /** The same in each report. */
  readonly key: string;
  readonly processorKey: string;
  /** The processor's label. */
  readonly processor: string;
  readonly step: string;
  readonly batch: ReportedBatch | null;
  /** Records per second, committed; null before it is known. */
  readonly rate: number | null;
}

/** Longer than the window of the charts: one partition commits less often than all together. */
const rateWindowMs = 10_000;

/** Makes rows from reports; keeps what rates need. */
export class PartitionRows {
  #windows = new Map<string, CounterWindow>();

  add(now: number, processors: readonly NamedProcessor[]): readonly PartitionRow[] {
    const windows = new Map<string, CounterWindow>();
    const rows = processors.flatMap(({ key: processorKey, label, stats }) => {
      const byNumber = new Map(stats.partitionProcessors.map((each) => [each.partition, each]));
      return stats.partitions.map((partition): PartitionRow => {
        const key = JSON.stringify([processorKey, partition.topic, partition.partition]);
        const window = this.#windows.get(key) ?? new CounterWindow(rateWindowMs);
        windows.set(key, window);
        window.add(now, partition.records);
        const joined = byNumber.get(partition.partition);
        return {
          ...partition,
          key,
          processorKey,
          processor: label,
          step: joined?.step ?? 'idle',
          batch: joined?.lastBatch ?? null,
          rate: window.rate,
        };
      });
    });
    // Windows of partitions that are gone are dropped.
    this.#windows = windows;
    return rows;
  }

  /** The process was restarted: its counters start again. */
  clear(): void {
    this.#windows.clear();
  }
}
