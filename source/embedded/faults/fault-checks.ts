import { checkArguments } from '../../kernel/check-arguments.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { isObject } from '../../kernel/is-object.ts';
import { show } from '../../kernel/shown-value.ts';
import { apiNames, type ApiName } from '../request-summary.ts';
import type { FaultTarget } from './fault.ts';

/** @throws ConfigError for what is no object */
export function checkFaultObject(fault: unknown): void {
  checkArguments('Fault', [isObject(fault), "a fault must be an object such as { api: 'Produce' }", fault]);
}

/**
 * Checks what all faults have, and one thing more.
 *
 * @param describe called if `isWrong`
 * @throws ConfigError
 */
export function checkFault(fault: FaultTarget, isWrong: boolean, describe: () => string): void {
  throwFault([
    ...(isWrong ? [describe()] : []),
    ...apiProblem(fault.api),
    ...timesProblem('times', fault.times ?? 1),
    ...timesProblem('nth', fault.nth ?? 1),
  ]);
}

/** The problem with the name of an API, if there is one. */
export function apiProblem(api: ApiName): string[] {
  return apiNames.includes(api) ? [] : [`api must be one of ${apiNames.join(', ')}, got ${show(api)}`];
}

/** The problem with a number of requests, if there is one. */
export function timesProblem(name: 'times' | 'nth', value: number): string[] {
  if ((name === 'times' && value === Infinity) || (Number.isInteger(value) && value >= 1)) return [];
  const orEndless = name === 'times' ? ', or Infinity' : '';
  return [`${name} must be a whole number from 1${orEndless}, got ${show(value)}`];
}

/** @throws ConfigError if there are any */
export function throwFault(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Fault' });
}
