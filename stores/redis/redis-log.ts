import { checkArguments, loggerArgument } from '../../source/kernel/check-arguments.ts';
import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import { limitRepeats } from '../../source/kernel/limit-repeats.ts';
import type { Logger } from '../../source/kernel/logger.ts';
import { hideSecrets } from '../../source/kernel/secrets.ts';
import { textOf } from '../../source/kernel/thrown-text.ts';
import { withoutPassword } from './redis-errors.ts';

/**
 * What is used of an ioredis client (5 or 6), a `Redis` or a `Cluster`, to follow its connection.
 */
export interface RedisEmitter {
  /** `ready` once it can be used. */
  readonly status?: string;
  /** Calls `listener` at each event. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Stops calling it. */
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/**
 * Sends what an ioredis client reports about its connection to a logger, in lines with
 * `component: 'ioredis'`:
 *
 * | event | level |
 * | --- | --- |
 * | `error`, `node error`, the first `reconnecting` after it was ready, `end` after a failure | warn |
 * | `ready` after that, nodes of a cluster that come and go later (`+node`, `-node`), `end` | info |
 * | `connect`, the first `ready`, `close`, later `reconnecting` | debug |
 *
 * Passwords do not appear: an error is logged by name and message, not with its command. Repeats
 * are limited as by `limitRepeats`. As a listener of `error` it also keeps ioredis from writing
 * "Unhandled error event" to the console.
 *
 * @throws ConfigError for what is no client or no Logger
 * @returns stops it, and logs how many repeats were held back; call it before you close the client
 *
 * @example logRedisEvents(client, logger.child({ where: 'counts' }));
 */
export function logRedisEvents(client: RedisEmitter, logger: Logger): () => void {
  checkArguments(
    'logRedisEvents',
    [
      isObject(client) && hasMethods(client, ['on', 'off']),
      'the client must be a Redis or a Cluster of ioredis',
      client,
    ],
    loggerArgument(logger),
  );
  const log = limitRepeats(logger.child({ component: 'ioredis' }));
  let wasReady = client.status === 'ready';
  let isFailing = false;
  const reconnects = 'the client reconnects';
  const listeners: Readonly<Record<string, (...args: unknown[]) => void>> = {
    connect: () => {
      log.debug('Connected to Redis');
    },
    ready: () => {
      if (wasReady && isFailing) log.info('Redis can be used again');
      else log.debug('Redis can be used');
      wasReady = true;
      isFailing = false;
    },
    error: (error) => {
      isFailing = true;
      log.warn(`The connection to Redis failed; ${reconnects}`, { error: shown(error) });
    },
    'node error': (error, node) => {
      log.warn('A node of the Redis Cluster could not be reached', { node, error: shown(error) });
    },
    close: () => {
      log.debug('The connection to Redis was closed');
    },
    reconnecting: (inMs) => {
      if (wasReady && !isFailing) log.warn(`The connection to Redis was lost; ${reconnects}`, { inMs });
      else log.debug('Reconnecting to Redis', { inMs });
      isFailing = true;
    },
    end: () => {
      const message = 'The connection to Redis has ended and will not be reopened';
      if (isFailing) log.warn(message);
      else log.info(message);
    },
    '+node': (node) => {
      log[wasReady ? 'info' : 'debug']('A node has joined the Redis Cluster', { node: addressOf(node) });
    },
    '-node': (node) => {
      log[wasReady ? 'info' : 'debug']('A node has left the Redis Cluster', { node: addressOf(node) });
    },
  };
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
    log.close();
  };
}

function shown(error: unknown): string {
  // Other listeners, and code that catches the error, get the same object.
  return hideSecrets(textOf(error instanceof Error ? withoutPassword(error) : error));
}

/** The address of the node to which a client is connected. */
function addressOf(node: unknown): string | undefined {
  const options: unknown =
    typeof node === 'object' && node !== null && 'options' in node ? node.options : undefined;
  if (typeof options !== 'object' || options === null || !('host' in options) || !('port' in options))
    return undefined;
  return `${String(options.host)}:${String(options.port)}`;
}
