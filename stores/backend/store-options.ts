import { ConfigError } from '../../source/kernel/errors.ts';

/** How one option of a store is checked; the text completes "timeoutMs …". */
export type OptionCheck = (value: unknown) => string | undefined;

/**
 * Checks all options of a store together.
 *
 * @throws ConfigError that lists every problem, unknown names among them
 */
export function checkOptions(
  what: string,
  options: unknown,
  checks: Readonly<Record<string, OptionCheck>>,
): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigError([`options must be an object, not ${shown(options)}`], { what });
  const given = new Map<string, unknown>(Object.entries(options));
  const problems: string[] = [];
  for (const name of given.keys()) {
    if (!Object.hasOwn(checks, name))
      problems.push(`unknown option '${name}'; known are ${Object.keys(checks).join(', ')}`);
  }
  for (const [name, check] of Object.entries(checks)) {
    const problem = check(given.get(name));
    if (problem !== undefined) problems.push(`${name} ${problem}`);
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: `${what} options` });
}

/** A whole number within bounds, if it is given. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) => {
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return undefined;
    return `must be a whole number from ${least} to ${most}, not ${shown(value)}`;
  };
}

/** One of several values, if it is given. */
export function oneOf(...choices: readonly unknown[]): OptionCheck {
  return (value) =>
    value === undefined || choices.includes(value)
      ? undefined
      : `must be ${choices.map((choice) => JSON.stringify(choice)).join(' or ')}, not ${shown(value)}`;
}

/** A non-empty string. */
export const text: OptionCheck = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a non-empty string';

/** A longer time limit would overflow the timer, which then fires immediately. */
export const timeLimit: OptionCheck = wholeNumber(1, 2_000_000_000);

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
