import { someOf } from './some-of.ts';

/** Partitions that do not follow each other are named up to this many. */
const MOST_RANGES = 30;

/** Partitions as people write them: `0-11,14`. */
export function partitionList(partitions: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const partition of partitions.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && partition === range.last + 1) range.last = partition;
    else ranges.push({ first: partition, last: partition });
  }
  const texts = ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  return someOf(texts, MOST_RANGES).join(',');
}
