import { ConfigError } from '../../source/kernel/errors.ts';
import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import type { RedisBackendOptions } from './redis-backend.ts';
import type { RedisClient } from './redis-client.ts';
import { checkOptions, oneOf, timeLimit, wholeNumber, type OptionCheck } from '../backend/store-options.ts';

/** What {@link RedisStore} and {@link MultiRedisStore} have in common. */
export interface RedisOptions {
  /**
   * A `Redis` or a `Cluster` of ioredis, version 5 or 6. You create, configure and close it. It
   * must have no `keyPrefix` of its own, and must not read from replicas (`scaleReads`, `readOnly`,
   * `role`). Reconnecting is its task; the store's calls wait for it up to `timeoutMs`, unless it
   * has `enableOfflineQueue: false`. A run writes by connections of its own, which the client's method
   * `duplicate` makes; they wait in any case.
   */
  readonly client: RedisClient;
  /**
   * Milliseconds after which a written value expires (SET … PX), counted from each write; at least
   * 1. Default: never.
   */
  readonly ttlMs?: number;
  /** Milliseconds that a call may take before it fails with a StoreError. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * This many replicas must confirm each write or delete (WAIT, sent in the same round trip) before
   * the call resolves. If they do not within half of `timeoutMs`, the call fails with a StoreError,
   * though the master has the write. WAIT is sent with each write, and not by `flush`: after a
   * reconnection it says nothing about earlier writes. Default 0.
   * https://redis.io/docs/latest/commands/wait/
   */
  readonly replicas?: number;
  /**
   * What `flush` does: nothing, or BGSAVE, and wait until it is done. BGSAVE saves the whole
   * server, so it suits large batches, and servers that only you use. Default 'none': the server's
   * configuration (appendfsync) decides what Redis keeps after a crash.
   */
  readonly flush?: 'none' | 'bgsave';
  /**
   * How a run keeps out what former owners of its partitions began to write. `'connections'`: it
   * closes their connections (CLIENT KILL). `'script'`: each write is a script (EVAL) that first
   * compares a key `kasper-fence:{group}:{owner}`, for a user who may not close connections. It
   * costs the server more, and is not for a Cluster. Default 'connections'.
   */
  readonly fence?: 'connections' | 'script';
}

const commonChecks: Readonly<Record<string, OptionCheck>> = {
  client: (value) =>
    isObject(value) && hasMethods(value, ['callBuffer', 'multi']) && isObject(value['options'])
      ? undefined
      : 'must be a Redis or a Cluster of ioredis',
  ttlMs: wholeNumber(1),
  timeoutMs: timeLimit,
  replicas: wholeNumber(0, 1000),
  flush: oneOf('none', 'bgsave'),
  fence: oneOf('connections', 'script'),
};

/** @throws ConfigError */
export function redisBackendOptions(
  what: string,
  options: RedisOptions,
  checks: Readonly<Record<string, OptionCheck>>,
): RedisBackendOptions {
  checkOptions(what, options, { ...checks, ...commonChecks });
  const { client, ttlMs, timeoutMs = 10_000, replicas = 0, flush = 'none', fence = 'connections' } = options;
  const problems = clientProblems(client.options);
  if (fence === 'script' && client.slots !== undefined)
    problems.push("fence: 'script' is for a single server: on a cluster a script has keys of one slot only");
  if (problems.length > 0) throw new ConfigError(problems, { what: `${what} options` });
  return { client, ttlMs, timeoutMs, replicas, flush, fence };
}

/**
 * Why a store cannot work with a client that has these options: its keys would not be those of the
 * store, or what it reads would not be what was written last.
 */
function clientProblems(options: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  const { keyPrefix = '', scaleReads = 'master', readOnly, monitor, sentinels, role, redisOptions } = options;
  if (keyPrefix !== '')
    problems.push(
      `the client must have no keyPrefix (it has '${String(keyPrefix)}'): give keyPrefix to the store, which needs whole keys to find their nodes`,
    );
  const fromReplicas =
    'a replica may not have what was written last, and a sum made of what it answers is wrong';
  if (scaleReads !== 'master')
    problems.push(
      `the client must have scaleReads: 'master' (it has ${typeof scaleReads === 'string' ? `'${scaleReads}'` : 'a function'}): ${fromReplicas}`,
    );
  if (readOnly === true) problems.push(`the client must not have readOnly: true: ${fromReplicas}`);
  if (isObject(sentinels) && role === 'slave')
    problems.push(`the client must not have role: 'slave' with its sentinels: ${fromReplicas}`);
  if (monitor === true)
    problems.push('the client must not have monitor: true: it only watches the commands of others');
  if (isObject(redisOptions) && redisOptions['stringNumbers'] === true)
    problems.push(
      'the client must not have redisOptions.stringNumbers: ioredis then compares the numbers of slots as text, and does not find the nodes of many of them',
    );
  return problems;
}
