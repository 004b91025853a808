import type { Cluster, Redis } from 'ioredis';
import { logRedisEvents, MultiRedisStore, RedisStore } from '../../../stores/index.ts';
import { silentLogger, StoreError } from '../../index.ts';
import { clientPackage } from './client-package.ts';
import { firstAnswer, type AnswerLimits } from './first-answer.ts';
import type { OpenedStores, StoreUser } from './store-connection.ts';
import { withoutSecrets } from '../settings/store-flags.ts';
import { textOf } from '../../kernel/thrown-text.ts';

/** How long each connection may take. */
const CONNECT_WITHIN_MS = 10_000;

/**
 * Stores in the Redis, or the Redis Cluster if there are several nodes, of these URLs.
 *
 * @throws ConfigError without ioredis, StoreError if it does not answer, and the reason of the signal
 *   when that is aborted
 */
export async function openRedisStores(
  urls: readonly [URL, ...URL[]],
  user: StoreUser,
): Promise<OpenedStores> {
  const { topicProcessorName, logger } = user;
  const where = urls.map(withoutSecrets).join(', ');
  const client = await connect(urls, where, user);
  const endLog = logRedisEvents(client, logger.child({ where }));
  return {
    what: `Redis at ${where}`,
    store: (name) => new RedisStore({ client, keyPrefix: `${topicProcessorName}/${name}` }),
    multiStore: (name) =>
      new MultiRedisStore({ client, tenancy: () => ({ keyPrefix: `${topicProcessorName}/${name}` }) }),
    async [Symbol.asyncDispose]() {
      endLog();
      // QUIT would wait for a server that does not answer; no call is under way any more.
      client.disconnect();
      await Promise.resolve();
    },
  };
}

async function connect(
  urls: readonly [URL, ...URL[]],
  where: string,
  limits: AnswerLimits,
): Promise<Redis | Cluster> {
  const { Cluster, Redis } = await clientPackage('ioredis', () => import('ioredis'));
  // A call waits for the reconnection as long as the store's own time limit lets it.
  const options = { lazyConnect: true, maxRetriesPerRequest: null, connectTimeout: CONNECT_WITHIN_MS };
  const nodes = urls.map(({ hostname, port }) => ({ host: hostname, port: Number(port || '6379') }));
  const [first] = urls;
  const client =
    urls.length === 1
      ? new Redis(first.href, options)
      : new Cluster(nodes, { lazyConnect: true, redisOptions: { ...options, ...credentialsOf(first) } });
  // The lines are dropped, since the last error is thrown; but this takes passwords out of errors.
  const endSilentLog = logRedisEvents(client, silentLogger);
  let lastError: unknown;
  const keepLast = (error: unknown) => {
    lastError = error;
  };
  client.on('error', keepLast);
  try {
    await firstAnswer(limits, () => client.connect());
    client.off('error', keepLast);
    endSilentLog();
    return client;
  } catch (error) {
    client.disconnect();
    if (limits.signal.aborted) throw error;
    const cause = lastError ?? error;
    throw new StoreError(
      `Redis at ${where} could not be reached: ${textOf(cause)}. Check --store-url, and whether the server runs there`,
      { store: 'Redis', operation: 'connect', cause, retriable: true },
    );
  }
}

function credentialsOf(url: URL): { username?: string; password?: string; tls?: object } {
  const { username, password, protocol } = url;
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
