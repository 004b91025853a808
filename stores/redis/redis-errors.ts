import { causes } from '../../source/kernel/causes.ts';
import { isObject } from '../../source/kernel/is-object.ts';
import { HIDDEN } from '../../source/kernel/secrets.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { FailureReason } from '../backend/item.ts';

interface ErrorRow {
  /** The first word of an error reply, which Redis calls its prefix. */
  readonly prefix: string;
  readonly retriable: boolean;
  readonly reason: string;
}

/**
 * Error replies, and whether the same call may succeed when it is repeated without any change. What
 * is not listed is not retriable.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
export const redisErrorRows: readonly ErrorRow[] = [
  { prefix: 'LOADING', retriable: true, reason: 'the server is still loading its data' },
  {
    prefix: 'READONLY',
    retriable: true,
    reason: 'the node is a replica: a failover is in progress, or the client is connected to the wrong node',
  },
  {
    prefix: 'OOM',
    retriable: true,
    reason: 'maxmemory is reached: writes succeed again once keys have expired or been removed',
  },
  {
    prefix: 'MISCONF',
    retriable: true,
    reason: 'the server refuses writes until it can save to disk again',
  },
  { prefix: 'NOREPLICAS', retriable: true, reason: 'there are fewer replicas than min-replicas-to-write' },
  {
    prefix: 'MASTERDOWN',
    retriable: true,
    reason: 'the replica has lost its master and may not serve stale data',
  },
  { prefix: 'BUSY', retriable: true, reason: 'a script keeps the server busy' },
  { prefix: 'MOVED', retriable: true, reason: 'the slot has moved to another node' },
  { prefix: 'ASK', retriable: true, reason: 'the slot is being moved to another node' },
  { prefix: 'TRYAGAIN', retriable: true, reason: 'the slot is being moved, and its keys are on two nodes' },
  { prefix: 'CLUSTERDOWN', retriable: true, reason: 'the cluster is down, or no node serves the slot' },
  { prefix: 'CROSSSLOT', retriable: false, reason: 'the keys of a command are in different slots' },
  { prefix: 'WRONGTYPE', retriable: false, reason: 'the key holds something other than a string' },
  { prefix: 'NOAUTH', retriable: false, reason: 'the client must log in' },
  { prefix: 'WRONGPASS', retriable: false, reason: 'user name or password is wrong' },
  { prefix: 'NOPERM', retriable: false, reason: 'the user is not allowed to do this' },
  { prefix: 'ERR', retriable: false, reason: 'the server does not accept the command' },
];

const rows: ReadonlyMap<string, ErrorRow> = new Map(redisErrorRows.map((row) => [row.prefix, row]));

/**
 * Errors of a cluster node that refers to another one, or waits for one: the client follows them
 * when it is asked for a single slot.
 */
const redirections: readonly string[] = ['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN'];

/** The prefix of an error reply; undefined for an error that did not come from Redis. */
function prefixOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return /^[A-Z]+/.exec(error.message)?.[0];
}

export function isRedirection(error: unknown): boolean {
  return redirections.includes(prefixOf(error) ?? '');
}

/** Commands with a password among their arguments. */
const withPassword: readonly string[] = ['auth', 'hello', 'config', 'acl', 'migrate'];

/**
 * An error of ioredis holds the command that failed. If the login fails, every waiting command is
 * rejected with that error. Printing it must not show the password, so the password is removed from
 * the error itself, for everyone who has it.
 */
export function withoutPassword<Thrown>(error: Thrown): Thrown {
  for (const each of causes(error, { and: innerErrors })) {
    const command = isObject(each) ? each['command'] : undefined;
    if (isObject(command) && withPassword.includes(String(command['name']).toLowerCase()))
      command['args'] = [HIDDEN];
  }
  return error;
}

/** For a cluster whose nodes all failed, and for a transaction. */
function innerErrors(error: unknown): readonly unknown[] {
  if (!isObject(error)) return [];
  const { lastNodeError, previousErrors } = error;
  return [lastNodeError, ...(Array.isArray(previousErrors) ? (previousErrors as unknown[]) : [])];
}

/** What an error of ioredis means. */
export function explainRedisError(thrown: unknown): FailureReason {
  const error = withoutPassword(thrown);
  const message = messageOf(error);
  const prefix = prefixOf(error);
  if (prefix !== undefined) {
    const row = rows.get(prefix);
    const reason = row === undefined ? '' : ` (${row.reason})`;
    return { text: `${message}${reason}`, retriable: row?.retriable ?? false, cause: error };
  }
  if (error instanceof TypeError || error instanceof RangeError)
    return { text: message, retriable: false, cause: error };
  return {
    text: `no connection to Redis: ${message} (the client reconnects according to its retryStrategy)`,
    retriable: true,
    isUnknown: true,
    cause: error,
  };
}
