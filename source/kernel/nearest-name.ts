import leven from 'leven';

/**
 * `; did you mean 'orders'?` where a known name is near enough, else nothing.
 *
 * @param within the part of its letters in which a name may differ; two letters always
 */
export function didYouMean(name: string, known: readonly string[], within = 1 / 3): string {
  const [first] = known;
  if (first === undefined) return '';
  const nearest = known.reduce((best, each) => (leven(name, each) < leven(name, best) ? each : best), first);
  return leven(name, nearest) <= Math.max(2, name.length * within) ? `; did you mean '${nearest}'?` : '';
}
