import { isObject } from './is-object.ts';
import { hideSecrets } from './secrets.ts';

/** A value as a message shows it: short, never a secret's holder in full. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const text = hideSecrets(value);
    return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isObject(value)) {
    const { constructor } = value;
    return typeof constructor === 'function' ? `an object of ${constructor.name}` : 'an object';
  }
  if (typeof value === 'function') return 'a function';
  return String(value);
}
