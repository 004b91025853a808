/**
 * So many partitions are asked for in one request: an answer about them is small enough to come
 * within its deadline, and a broker looks each of them up before it serves anybody else.
 */
export const PARTITIONS_PER_REQUEST = 2_000;

/** Cuts a list into parts of `PARTITIONS_PER_REQUEST`, in order. */
export function inParts<Entry>(entries: readonly Entry[]): (readonly Entry[])[] {
  if (entries.length <= PARTITIONS_PER_REQUEST) return [entries];
  const parts: Entry[][] = [];
  for (let at = 0; at < entries.length; at += PARTITIONS_PER_REQUEST)
    parts.push(entries.slice(at, at + PARTITIONS_PER_REQUEST));
  return parts;
}
