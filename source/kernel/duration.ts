import { ConfigError } from './errors.ts';
import { show } from './shown-value.ts';

/** The longest wait that one timer can hold; a longer one fires immediately. */
export const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * What is wrong with a value that is to be a duration in milliseconds; undefined if nothing is. The
 * text completes "ms …".
 */
export function durationProblem(value: unknown, leastMs = 0): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value >= leastMs) return undefined;
  return `must be a number of milliseconds, at least ${leastMs}, not ${show(value)}`;
}

/**
 * Checks durations in milliseconds that a caller gave, by name; undefined ones are left to their
 * defaults.
 *
 * @throws ConfigError that lists every problem
 */
export function checkDurations(what: string, given: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(given).flatMap(([name, value]) => {
    const problem = value === undefined ? undefined : durationProblem(value);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  if (problems.length > 0) throw new ConfigError(problems, { what });
}
