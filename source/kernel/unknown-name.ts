import { didYouMean } from './nearest-name.ts';

/** "unknown option 'batchSise'; did you mean 'batchSize'?" */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const hint = didYouMean(name, known, 1 / 2) || `; known are ${known.join(', ')}`;
  return `unknown ${what} '${name}'${hint}`;
}
