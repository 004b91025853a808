/** This many are named where nothing else is said: a text must not grow with the number of partitions. */
export const NAMED = 10;

/** The first of a list, and how many more there are: `['a', 'b', '3 more']`. */
export function someOf(items: readonly string[], most = NAMED): string[] {
  const more = items.length - most;
  return more > 0 ? [...items.slice(0, most), `${more} more`] : [...items];
}
