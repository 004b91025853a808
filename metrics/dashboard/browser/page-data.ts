import type { NamedProcessor } from '../model/processors.ts';
import type { PageReport } from '../model/page-report.ts';
import type { HistoryPoint } from '../model/stats-history.ts';
import type { PartitionRow } from '../model/partition-rows.ts';

/** All that the parts of the page show of one report. */
export interface PageData {
  readonly report: PageReport;
  readonly processors: readonly NamedProcessor[];
  /** The key of the chosen processor, or that of all. */
  readonly chosen: string;
  /** The processors that this key selects. */
  readonly shown: readonly NamedProcessor[];
  /** The history of what is shown, oldest first. */
  readonly points: readonly HistoryPoint[];
  /** Records per second by which the lag changes; null while that is not known. */
  readonly lagChange: number | null;
  /** The last point of each processor. */
  readonly latest: (key: string) => HistoryPoint | undefined;
  readonly rows: readonly PartitionRow[];
}

/** A part of the page. */
export interface PagePart {
  update(data: PageData): void;
}
