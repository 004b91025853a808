import { execFileSync } from 'node:child_process';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { named } from './campaign-run.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutant-list.ts';

/** How many a commit picks. */
const PICKED = 2;

/**
 * Which mutants are meant by `all`, by `by-commit`, or by names with commas between them. The hash of
 * the commit picks other ones for each commit, of those that take seconds.
 *
 * @throws Error for a name that none has
 */
export function chosenMutants(names: string): readonly Mutant[] {
  if (names === 'all') return mutants;
  if (names !== 'by-commit') return names.split(',').map((name) => named('mutant', mutants, name));
  const hash = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repositoryRoot, encoding: 'utf8' });
  return pickedBy(hash);
}

/** The mutants that a commit's hash picks. */
export function pickedBy(hash: string): readonly Mutant[] {
  const quick = mutants.filter(({ isQuick }) => isQuick === true);
  const first = Number.parseInt(hash.slice(0, 8), 16) % quick.length;
  const step = 1 + (Number.parseInt(hash.slice(8, 16), 16) % (quick.length - 1));
  return Array.from({ length: PICKED }, (_none, at) => quick[(first + at * step) % quick.length]).filter(
    (each) => each !== undefined,
  );
}
