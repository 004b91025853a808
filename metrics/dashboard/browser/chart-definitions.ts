import { largeCount, shortCount, stepTime } from '../model/figures.ts';
import type { HistoryPoint } from '../model/stats-history.ts';

export interface ChartSeries {
  /** Also the class of its swatch, from which the colour of the style sheet is read. */
  readonly id: keyof Omit<HistoryPoint, 'at'>;
  readonly label: string;
  /** Whether the area below it is tinted. */
  readonly filled?: boolean;
}

export interface ChartDefinition {
  /** The id of its figure in the page's HTML. */
  readonly id: string;
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** Whether the series are stacked, the first one at the bottom. */
  readonly stacked: boolean;
  /**
   * For how many seconds the last value is used for missing ones: batches end only now and then.
   */
  readonly bridgeSeconds: number;
  /** A value as text. */
  readonly text: (value: number | null) => string;
  /** A value as text that is short enough for an axis. */
  readonly axisText: (value: number) => string;
}

/** From left to right. */
export const chartDefinitions: readonly ChartDefinition[] = [
  {
    id: 'chart-throughput',
    title: 'Throughput',
    series: [
      { id: 'consumed', label: 'in', filled: true },
      { id: 'sent', label: 'out' },
    ],
    stacked: false,
    bridgeSeconds: 0,
    text: (value) => `${largeCount(value)}/s`,
    axisText: shortCount,
  },
  {
    id: 'chart-lag',
    title: 'Lag',
    series: [
      { id: 'lag', label: 'all partitions', filled: true },
      { id: 'largestLag', label: 'largest' },
    ],
    stacked: false,
    bridgeSeconds: 0,
    text: largeCount,
    axisText: shortCount,
  },
  {
    id: 'chart-batches',
    title: 'Batch time',
    series: [
      { id: 'process', label: 'process' },
      { id: 'produce', label: 'produce' },
      { id: 'store', label: 'store' },
      { id: 'commit', label: 'commit' },
    ],
    stacked: true,
    bridgeSeconds: 30,
    text: stepTime,
    axisText: (ms) => (ms >= 1000 ? `${shortCount(ms / 1000)} s` : `${shortCount(ms)} ms`),
  },
];
