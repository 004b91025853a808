import { ConfigError } from '../../source/kernel/errors.ts';
import type { RedisBackendOptions } from './redis-backend.ts';
import type { RedisClient } from './redis-client.ts';
import { checkOptions, oneOf, timeLimit, wholeNumber, type OptionCheck } from '../backend/store-options.ts';

/** What {@link RedisStore} and {@link MultiRedisStore} have in common. */
export interface RedisOptions {
  /**
   * A `Redis` or a `Cluster` of ioredis, version 5 or 6, made, configured and closed by you. It must have no `keyPrefix` of its own. Reconnection is its
   * business; the store's calls wait for it up to `timeoutMs`.
   */
  readonly client: RedisClient;
  /** Milliseconds after which what was written expires (SET … PX), counted from each write; at least 1. Default: never. */
  readonly ttlMs?: number;
  /** Milliseconds that a call may take before it fails with a StoreError. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * So many replicas must have confirmed each write or delete (WAIT, sent along in the same round trip) before the call resolves; if they have not within half of
   * `timeoutMs`, it fails with a StoreError, though the master has it. It is asked with each write, and not by `flush`: after a reconnection a WAIT
   * says nothing about writes before it. Default 0. https://redis.io/docs/latest/commands/wait/
   */
  readonly replicas?: number;
  /**
   * What `flush` does: nothing, or BGSAVE, and wait until it is done. That saves the whole server, so it suits large batches, and servers that are yours
   * alone. Default 'none': what Redis keeps after a crash is set on the server (appendfsync).
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
