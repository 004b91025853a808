import type { KeyListing } from '../backend/backend.ts';
import type { RedisClient, RedisCommand } from './redis-client.ts';
import { connectedMasters } from './redis-masters.ts';
import { sendAll } from './redis-send.ts';

/** How many keys one SCAN looks at: the server does nothing else in the meantime. */
const KEYS_AT_ONCE = 1000;

/**
 * Lists all keys that begin with the prefix, on all masters of a cluster, in no order; a key may
 * come twice.
 *
 * @see https://redis.io/docs/latest/commands/scan/
 */
export async function listRedisKeys(
  client: RedisClient,
  { prefix, request, onKeys }: KeyListing,
): Promise<void> {
  const match = `${escapeGlob(prefix)}*`;
  const masters = await connectedMasters(client, request);
  await Promise.all(
    masters.map(async (node) => {
      let cursor = '0';
      do {
        const scan: RedisCommand = [
          'call',
          'scan',
          [cursor, 'MATCH', match, 'COUNT', KEYS_AT_ONCE, 'TYPE', 'string'],
        ];
        const [[error, reply] = [null, undefined]] = await request(() => sendAll(node, [scan]));
        if (error !== null) throw error;
        const [next, keys] = reply as [cursor: string, keys: string[]];
        onKeys(keys);
        cursor = next;
      } while (cursor !== '0');
    }),
  );
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}
