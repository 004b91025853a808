import { causes } from '../../source/kernel/causes.ts';
import { KasperError } from '../../source/kernel/errors.ts';
import { isObject } from '../../source/kernel/is-object.ts';
import { HIDDEN } from '../../source/kernel/secrets.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { FailureReason } from '../backend/item.ts';
import type { RedisClient } from './redis-client.ts';

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
  { prefix: 'FENCED', retriable: false, reason: 'a later owner keeps out what this one writes' },
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

interface ClientErrorRow {
  /** How the message of ioredis begins. */
  readonly message: string;
  readonly retriable: boolean;
  /** Whether the command may have been carried out. */
  readonly isUnknown: boolean;
  readonly reason: string;
}

/**
 * Errors that ioredis makes itself, and that do not mean that the connection was lost. Most come of
 * its options.
 */
export const clientErrorRows: readonly ClientErrorRow[] = [
  {
    message: 'Command timed out',
    retriable: true,
    isUnknown: true,
    reason: "no answer within the client's commandTimeout",
  },
  {
    message: "Stream isn't writeable and enableOfflineQueue options is false",
    retriable: true,
    isUnknown: false,
    reason: 'there is no connection now, and with enableOfflineQueue: false the client does not wait for it',
  },
  {
    message: "Cluster isn't ready and enableOfflineQueue options is false",
    retriable: true,
    isUnknown: false,
    reason: 'there is no connection now, and with enableOfflineQueue: false the client does not wait for it',
  },
  {
    message: 'Too many Cluster redirections',
    retriable: true,
    isUnknown: true,
    reason: "the client's maxRedirections is reached",
  },
  {
    message: 'All keys in the pipeline should belong to the same slots allocation group',
    retriable: true,
    isUnknown: false,
    reason: 'slots have moved to other nodes',
  },
  {
    message: 'Connection in subscriber mode',
    retriable: false,
    isUnknown: false,
    reason: 'give the store a client of its own',
  },
];

/** What is known of the client that made an error. */
type FailedClient = Pick<RedisClient, 'status' | 'slots'>;

/** What an error of ioredis means. */
export function explainRedisError(thrown: unknown, client: FailedClient): FailureReason {
  const error = withoutPassword(thrown);
  const message = messageOf(error);
  // Of the claims, which are asked before a write is sent.
  if (KasperError.is(error)) return { text: message, retriable: error.retriable, cause: error };
  const prefix = prefixOf(error);
  if (prefix === 'MOVED' && client.slots === undefined) {
    const text = `${message} (the server belongs to a Redis Cluster: give the store a Cluster of ioredis)`;
    return { text, retriable: false, cause: error };
  }
  if (prefix !== undefined) {
    const row = rows.get(prefix);
    const reason = row === undefined ? '' : ` (${row.reason})`;
    return { text: `${message}${reason}`, retriable: row?.retriable ?? false, cause: error };
  }
  const row = clientErrorRows.find((candidate) => message.startsWith(candidate.message));
  if (row !== undefined) {
    const { retriable, isUnknown, reason } = row;
    return { text: `${message} (${reason})`, retriable, isUnknown, cause: error };
  }
  if (error instanceof TypeError || error instanceof RangeError)
    return { text: message, retriable: false, cause: error };
  const hasEnded = client.status === 'end';
  const next = hasEnded
    ? 'the client has ended and will not connect again: it was closed, or its retryStrategy gave up'
    : 'the client reconnects according to its retryStrategy';
  return {
    text: `no connection to Redis: ${message} (${next})`,
    retriable: !hasEnded,
    isUnknown: true,
    cause: error,
  };
}
