import type { RedisClient } from './redis-client.ts';
import { connectedMasters } from './redis-masters.ts';
import { infoOf } from './redis-info.ts';
import { sendAll } from './redis-send.ts';

/**
 * Says of which servers the values of a store may vanish without an error: they evict keys when
 * their memory is full. Policies that begin with `volatile-` take only keys with a time to live.
 * Nothing is said of a server that does not let its user ask for it.
 *
 * @see https://redis.io/docs/latest/develop/reference/eviction/
 * @throws Error if there is no answer
 */
export async function evictionWarnings(
  client: RedisClient,
  { expires }: { readonly expires: boolean },
): Promise<readonly string[]> {
  const masters = await connectedMasters(client);
  const places = new Map<string, string[]>();
  await Promise.all(
    masters.map(async (master) => {
      const [[error, info] = [null, '']] = await sendAll(master, [['call', 'info', ['memory']]]);
      if (error !== null) {
        if (isRefusal(error)) return;
        throw error;
      }
      const fields = infoOf(info);
      const policy = fields.get('maxmemory_policy') ?? 'noeviction';
      if (policy === 'noeviction' || (policy.startsWith('volatile-') && !expires)) return;
      const how = `maxmemory-policy is ${policy}, maxmemory is ${fields.get('maxmemory_human') ?? 'unknown'}`;
      const { host, port } = master.options;
      const place = host === undefined ? 'Redis' : `Redis at ${host}:${port ?? 6379}`;
      places.set(how, [...(places.get(how) ?? []), place]);
    }),
  );
  return [...places].map(([how, [first = 'Redis', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more of its cluster`;
    return `${first}${more} may drop values without an error when its memory is full (${how}): set maxmemory-policy to noeviction, so that a write fails instead`;
  });
}

/** ACLs, and servers that others operate, may deny INFO. */
function isRefusal(error: Error): boolean {
  return /^(NOPERM|ERR unknown command)/.test(error.message);
}
