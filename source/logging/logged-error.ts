import { hideSecrets } from '../kernel/secrets.ts';

/** No chain of causes is followed further than this: a longer one is circular. */
const LONGEST_CHAIN = 10;

/**
 * An error as a JSON log line shows it. Own properties of foreign errors are left out: they may
 * hold credentials or whole requests.
 */
export interface ErrorObject {
  readonly name: string;
  readonly code?: string | number;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: unknown;
  readonly suppressed?: readonly unknown[];
}

/**
 * Name, code, message and stack; then the same for the cause and for later failures. Secrets in
 * them are hidden.
 */
export function errorObject(error: Error): ErrorObject {
  return describe(error, LONGEST_CHAIN);
}

function describe(error: Error, depth: number): ErrorObject {
  const { name, message, stack, cause } = error;
  const code = codeOf(error);
  const others = suppressedBy(error);
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message: hideSecrets(message),
    ...(stack === undefined ? {} : { stack: hideSecrets(stack) }),
    ...(cause === undefined ? {} : { cause: describeAny(cause, depth - 1) }),
    ...(others.length === 0 ? {} : { suppressed: others.map((other) => describeAny(other, depth - 1)) }),
  };
}

function describeAny(thrown: unknown, depth: number): unknown {
  if (depth <= 0) return '…';
  return thrown instanceof Error ? describe(thrown, depth) : hideSecrets(shown(thrown));
}

/** `Name [CODE]: message`, then what caused it, without stacks and secrets. */
export function errorText(error: Error): string {
  const parts: string[] = [];
  let thrown: unknown = error;
  for (let depth = 0; thrown !== undefined && depth < LONGEST_CHAIN; depth++) {
    const text = nameAndMessage(thrown);
    // Our messages often include the cause.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    thrown = thrown instanceof Error ? thrown.cause : undefined;
  }
  const others = suppressedBy(error).map((other) => `; also: ${nameAndMessage(other)}`);
  return hideSecrets(parts.join('; caused by ') + others.join(''));
}

function nameAndMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return shown(thrown);
  const code = codeOf(thrown);
  return `${thrown.name}${code === undefined ? '' : ` [${code}]`}: ${thrown.message}`;
}

/** What was thrown but is not an error; an object of another prototype may not convert to text. */
function shown(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null
    ? Object.prototype.toString.call(thrown)
    : String(thrown);
}

/** Node's and our own errors have codes that are strings, others have numbers. */
function codeOf(error: Error): string | number | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

/** What failed beside it: `suppressed` of a KasperError, `errors` of an AggregateError. */
function suppressedBy(error: Error): readonly unknown[] {
  if ('suppressed' in error && Array.isArray(error.suppressed)) return error.suppressed;
  return error instanceof AggregateError ? error.errors : [];
}
