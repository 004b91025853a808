import { isClass } from './is-class.ts';
import { isObject } from './is-object.ts';
import { readOr } from './read-or.ts';
import { hideSecrets } from './secrets.ts';

/** A value as a message shows it: short, never a secret's holder in full. Never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const text = hideSecrets(value);
    return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isObject(value)) {
    const maker: unknown = readOr(undefined, () => value.constructor);
    return typeof maker === 'function' ? `an object of ${maker.name}` : 'an object';
  }
  if (typeof value === 'function') return isClass(value) ? `the class ${value.name}` : 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  return String(value);
}
