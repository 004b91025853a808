/**
 * Spreads partitions over workers: ranges of neighbours, whose sizes differ by one at most. Never
 * more workers than partitions.
 */
export function splitPartitions(
  partitions: readonly number[],
  workers: number,
): readonly (readonly number[])[] {
  const sorted = partitions.toSorted((a, b) => a - b);
  const parts = Math.min(workers, sorted.length);
  return Array.from({ length: parts }, (_, at) =>
    sorted.slice(Math.floor((at * sorted.length) / parts), Math.floor(((at + 1) * sorted.length) / parts)),
  );
}
