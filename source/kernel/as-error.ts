import { textOf } from './thrown-text.ts';

/**
 * What was thrown, or given as the reason of a signal, as an Error: an Error as it is, anything
 * else as the `cause` of one with its text. Never throws, for any value.
 */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(textOf(thrown), { cause: thrown });
}
