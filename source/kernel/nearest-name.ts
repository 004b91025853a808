import leven from 'leven';

/**
 * The known name that is meant, or undefined where none is near enough.
 *
 * @param within the part of its letters in which a name may differ; two letters always
 * @param letters what of a name counts, such as its letters without their case; default: all of it
 */
export function nearestName(
  name: string,
  known: readonly string[],
  within: number,
  letters: (name: string) => string = (all) => all,
): string | undefined {
  const [first] = known;
  if (first === undefined) return undefined;
  const wanted = letters(name);
  const distance = (each: string) => leven(wanted, letters(each));
  const nearest = known.reduce((best, each) => (distance(each) < distance(best) ? each : best), first);
  return distance(nearest) <= Math.max(2, name.length * within) ? nearest : undefined;
}

/**
 * `; did you mean 'orders'?` where a known name is near enough, else nothing.
 *
 * @param within as for {@link nearestName}
 */
export function didYouMean(name: string, known: readonly string[], within = 1 / 3): string {
  const nearest = nearestName(name, known, within);
  return nearest === undefined ? '' : `; did you mean '${nearest}'?`;
}
