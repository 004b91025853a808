import { Redis } from 'ioredis';
import type { Codec } from '../../../source/index.ts';
import type { FinishedRun } from '../finished-run.ts';
import type { WorkerContext } from '../workload.ts';

/** The Redis of a worker: whoever uses it closes it. */
export function workerRedis(
  { redisUrl }: Pick<WorkerContext, 'redisUrl'>,
  { maxRetriesPerRequest = null }: { readonly maxRetriesPerRequest?: number | null } = {},
): Redis {
  // Each call has its own time limit; the client only has to be there again in time.
  const client = new Redis(redisUrl ?? '', {
    maxRetriesPerRequest,
    retryStrategy: (times) => Math.min(50 * times, 500),
  });
  // What it costs is reported by the calls that fail.
  client.on('error', () => undefined);
  return client;
}

/** The values under all keys with this prefix, by the rest of their key, as a bare client reads them. */
export async function redisValues<Value>(
  { redisUrl }: Pick<FinishedRun, 'redisUrl'>,
  prefix: string,
  codec: Codec<Value>,
): Promise<Map<string, Value>> {
  const client = new Redis(redisUrl ?? '');
  try {
    const keys = new Set<string>();
    let cursor = '0';
    do {
      const [next, some] = await client.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', 1_000);
      for (const key of some) keys.add(key);
      cursor = next;
    } while (cursor !== '0');
    const values = new Map<string, Value>();
    for (const key of keys) {
      const value = await client.getBuffer(key);
      if (value !== null) values.set(key.replace(prefix, ''), codec.decode(value));
    }
    return values;
  } finally {
    client.disconnect();
  }
}
