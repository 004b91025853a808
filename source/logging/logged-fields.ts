import type { LogFields } from '../kernel/logger.ts';
import { HIDDEN, hideSecrets, isSecretField } from '../kernel/secrets.ts';

/** Turns an error into what a line can hold. */
export type ErrorForm = (error: Error) => unknown;

/** Names that every entry of winston itself has. */
const reserved: ReadonlySet<string> = new Set(['level', 'message', 'time', 'timestamp']);

const DEEPEST = 6;

/**
 * Fields in a form that a line can hold: plain values that JSON knows. Logging must never throw,
 * with any value in a field: a circular object, a BigInt, bytes.
 *
 * Here secrets are removed, no matter who logged them: the values of fields with names that mean a
 * secret, and secrets within text (see `kernel/secrets.ts`).
 */
export function loggedFields(fields: LogFields, errorForm: ErrorForm): LogFields {
  const logged: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined)
      logged[reserved.has(name) ? `${name}_` : name] = attempt(() =>
        plainField([name, value], fields, { errorForm, holders: [] }),
      );
  }
  return logged;
}

/** A getter, or a key that is not text, may throw. */
function attempt(make: () => unknown): unknown {
  try {
    return make();
  } catch {
    return '<cannot be shown>';
  }
}

/** Where a value was found. */
interface Surroundings {
  readonly errorForm: ErrorForm;
  /** The objects that hold the value, outermost first. */
  readonly holders: readonly object[];
}

function plainField(
  [name, value]: readonly [name: string, value: unknown],
  holder: object,
  surroundings: Surroundings,
): unknown {
  const isHidden =
    value !== null && value !== undefined && typeof value !== 'boolean' && isSecretField(name, holder);
  return isHidden ? HIDDEN : plain(value, surroundings);
}

function plain(value: unknown, { errorForm, holders }: Surroundings): unknown {
  if (typeof value === 'string') return hideSecrets(value);
  // Not its source text, which may be anything.
  if (typeof value === 'function') return `<function ${value.name}>`;
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return errorForm(value);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (value instanceof URL) return hideSecrets(value.href);
  if (holders.includes(value)) return '<circular>';
  if (holders.length >= DEEPEST) return '<deeper>';
  const inner = { errorForm, holders: [...holders, value] };
  if (value instanceof Set) return Array.from(value, (item) => plain(item, inner));
  if (Array.isArray(value)) return value.map((item) => plain(item, inner));
  const own: object = value instanceof Map ? (Object.fromEntries(value) as object) : value;
  return Object.fromEntries(
    Object.entries(own).map((entry: [string, unknown]) => [entry[0], plainField(entry, own, inner)]),
  );
}
