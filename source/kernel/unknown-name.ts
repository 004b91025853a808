import leven from 'leven';

/** "unknown option 'batchSise'; did you mean 'batchSize'?" */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const nearest = known.reduce((best, each) => (leven(name, each) < leven(name, best) ? each : best));
  const hint =
    leven(name, nearest) <= Math.max(2, name.length / 2)
      ? `; did you mean '${nearest}'?`
      : `; known are ${known.join(', ')}`;
  return `unknown ${what} '${name}'${hint}`;
}
