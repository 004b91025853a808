import type { LogFields } from '../kernel/logger.ts';

/** Turns an error into what a line can hold. */
export type ErrorForm = (error: Error) => unknown;

/** Names that every entry of winston has itself. */
const reserved: ReadonlySet<string> = new Set(['level', 'message', 'time', 'timestamp']);

const DEEPEST = 6;

/**
 * Fields as a line can hold them: plain values that JSON knows. To log must never throw, whatever a field holds: a circle, a BigInt, bytes.
 */
export function loggedFields(fields: LogFields, errorForm: ErrorForm): LogFields {
  const logged: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) logged[reserved.has(name) ? `${name}_` : name] = plain(value, errorForm, []);
  }
  return logged;
}

/** @param holders the objects that hold this value, outermost first */
function plain(value: unknown, errorForm: ErrorForm, holders: readonly object[]): unknown {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return errorForm(value);
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (holders.includes(value)) return '<circular>';
  if (holders.length >= DEEPEST) return '<deeper>';
  const inner = [...holders, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, errorForm, inner));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, plain(item, errorForm, inner)]),
  );
}
