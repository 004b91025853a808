import type { Redis } from 'ioredis';
import { REDIS_PREFIX } from '../jobs/count-redis.ts';

/** Counts the records of each key of a batch in Redis, by one MGET and one MSET. */
export async function addToRedis(
  redis: Redis,
  messages: readonly { readonly key: Buffer | null }[],
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { key } of messages) {
    if (key === null) continue;
    const text = `${REDIS_PREFIX}/${key.toString('latin1')}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const values = await redis.mget([...counts.keys()]);
  const keysAndCounts: string[] = [];
  let at = 0;
  for (const [key, count] of counts) keysAndCounts.push(key, String(Number(values[at++]) + count));
  await redis.mset(keysAndCounts);
}
