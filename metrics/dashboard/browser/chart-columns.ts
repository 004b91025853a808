import type { HistoryPoint } from '../model/stats-history.ts';
import type { ChartDefinition } from './chart-definitions.ts';

/** By column: the times, then each series. In uPlot, null ends a line, and undefined is skipped. */
export type ChartColumns = [number[], ...(number | null | undefined)[][]];

/** What is drawn; for stacked series the sums, from the bottom up. */
export function chartColumns(
  { series, stacked, bridgeSeconds }: ChartDefinition,
  points: readonly HistoryPoint[],
): ChartColumns {
  const times = points.map(({ at }) => at);
  const values = series.map(({ id }) => bridged(points, id, bridgeSeconds));
  if (!stacked) return [times, ...values];
  const below = points.map(() => 0);
  const sums = values.map((column) =>
    column.map((value, index) => {
      if (typeof value !== 'number') return value;
      const sum = (below[index] ?? 0) + value;
      below[index] = sum;
      return sum;
    }),
  );
  return [times, ...sums];
}

function bridged(
  points: readonly HistoryPoint[],
  id: ChartDefinition['series'][number]['id'],
  seconds: number,
): (number | null | undefined)[] {
  let known = -Infinity;
  return points.map((point) => {
    const value = point[id];
    if (value !== null) {
      known = point.at;
      return value;
    }
    // The lag is known in each report: where it is missing, another process has started.
    if (point.lag === null) known = -Infinity;
    return point.at - known <= seconds ? undefined : null;
  });
}
