import leven from 'leven';

/** `; did you mean 'orders'?` where a known name is near enough, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [first] = known;
  if (first === undefined) return '';
  const nearest = known.reduce((best, each) => (leven(name, each) < leven(name, best) ? each : best), first);
  return leven(name, nearest) <= Math.max(2, name.length / 3) ? `; did you mean '${nearest}'?` : '';
}
