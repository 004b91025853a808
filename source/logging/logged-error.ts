import { causeOf, causes, suppressedBy } from '../kernel/causes.ts';
import { readOr } from '../kernel/read-or.ts';
import { hideSecrets } from '../kernel/secrets.ts';
import { messageOf, nameOf, textOf } from '../kernel/thrown-text.ts';

/** No cause further away than this is shown. */
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
 * Name, code, message and stack; then the same of the cause and of later failures, each error once:
 * where it occurs up again it is only named. Secrets within them are hidden.
 */
export function errorObject(error: Error): ErrorObject {
  return describe(error, { depth: LONGEST_CHAIN, shown: new Set() });
}

/** How many levels may follow, and which errors are shown already. */
interface Place {
  readonly depth: number;
  readonly shown: Set<Error>;
}

function describe(error: Error, { depth, shown }: Place): ErrorObject {
  shown.add(error);
  const within = { depth: depth - 1, shown };
  const code = codeOf(error);
  const stack: unknown = readOr(undefined, () => error.stack);
  const cause = causeOf(error);
  const others = suppressedBy(error);
  return {
    name: nameOf(error),
    ...(code === undefined ? {} : { code }),
    message: hideSecrets(messageOf(error)),
    ...(typeof stack === 'string' ? { stack: hideSecrets(stack) } : {}),
    ...(cause === undefined ? {} : { cause: describeAny(cause, within) }),
    ...(others.length === 0 ? {} : { suppressed: others.map((other) => describeAny(other, within)) }),
  };
}

function describeAny(thrown: unknown, place: Place): unknown {
  if (place.depth <= 0) return '…';
  if (!(thrown instanceof Error) || place.shown.has(thrown)) return hideSecrets(nameAndMessage(thrown));
  return describe(thrown, place);
}

/** `Name [CODE]: message`, then what caused it, without stacks and secrets. */
export function errorText(error: Error): string {
  const parts: string[] = [];
  for (const cause of causes(error, { deepest: LONGEST_CHAIN })) {
    const text = nameAndMessage(cause);
    // Our messages often include the cause.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
  }
  const others = suppressedBy(error).map((other) => `; also: ${nameAndMessage(other)}`);
  return hideSecrets(parts.join('; caused by ') + others.join(''));
}

function nameAndMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  const code = codeOf(thrown);
  return `${nameOf(thrown)}${code === undefined ? '' : ` [${code}]`}: ${messageOf(thrown)}`;
}

/** Node's and our own errors have codes that are strings, others have numbers. */
function codeOf(error: Error): string | number | undefined {
  const code: unknown = readOr(undefined, () => ('code' in error ? error.code : undefined));
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}
