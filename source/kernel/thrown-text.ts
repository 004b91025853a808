import { readOr } from './read-or.ts';

/**
 * What was thrown as text, as `String` makes it: `Name: message` of an Error. Never throws,
 * for any value.
 */
export function textOf(thrown: unknown): string {
  return readOr(undefined, () => String(thrown)) ?? tagOf(thrown);
}

/** The message of an Error, the text of anything else that was thrown. Never throws. */
export function messageOf(thrown: unknown): string {
  return memberOf(thrown, 'message') ?? textOf(thrown);
}

/**
 * The stack of an Error, or its message; the text of anything else that was thrown. Never throws.
 */
export function stackOf(thrown: unknown): string {
  return memberOf(thrown, 'stack') ?? messageOf(thrown);
}

/** The name of an Error; `Error` where it has none that can be read. */
export function nameOf(error: Error): string {
  return memberOf(error, 'name') ?? 'Error';
}

/** The code that made the error may have put there what is not text. */
function memberOf(thrown: unknown, name: 'message' | 'name' | 'stack'): string | undefined {
  return readOr(undefined, () => {
    const member: unknown = thrown instanceof Error ? thrown[name] : undefined;
    return member === undefined ? undefined : textOf(member);
  });
}

function tagOf(thrown: unknown): string {
  return readOr('an object without a text', () => Object.prototype.toString.call(thrown));
}
