import { ConfigError } from '../../source/kernel/errors.ts';
import type { RedisBackendOptions } from './redis-backend.ts';
import type { RedisClient } from './redis-client.ts';
import { checkOptions, oneOf, timeLimit, wholeNumber, type OptionCheck } from '../backend/store-options.ts';

/** What {@link RedisStore} and {@link MultiRedisStore} have in common. */
export interface RedisOptions {
  /**
   * A `Redis` or a `Cluster` of ioredis, version 5 or 6. You create, configure and close it. It
   * must have no `keyPrefix` of its own. Reconnecting is its task; the store's calls wait for it up
   * to `timeoutMs`.
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
}

const commonChecks: Readonly<Record<string, OptionCheck>> = {
  client: (value) =>
    typeof value === 'object' && value !== null && 'callBuffer' in value && 'multi' in value
      ? undefined
      : 'must be a Redis or a Cluster of ioredis',
  ttlMs: wholeNumber(1),
  timeoutMs: timeLimit,
  replicas: wholeNumber(0, 1000),
  flush: oneOf('none', 'bgsave'),
};

/** @throws ConfigError */
export function redisBackendOptions(
  what: string,
  options: RedisOptions,
  checks: Readonly<Record<string, OptionCheck>>,
): RedisBackendOptions {
  checkOptions(what, options, { ...checks, ...commonChecks });
  const { client, ttlMs, timeoutMs = 10_000, replicas = 0, flush = 'none' } = options;
  if ((client.options.keyPrefix ?? '') !== '') {
    throw new ConfigError(
      [
        `the client must have no keyPrefix (it has '${client.options.keyPrefix ?? ''}'): give keyPrefix to the store, which needs whole keys to find their nodes`,
      ],
      { what: `${what} options` },
    );
  }
  return { client, ttlMs, timeoutMs, replicas, flush };
}
