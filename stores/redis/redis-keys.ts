import type { KeyListing } from '../backend/backend.ts';
import { sendAll, type RedisClient, type RedisCommand } from './redis-client.ts';

/** How many keys one SCAN looks at: the server does nothing else in the meantime. */
const KEYS_AT_ONCE = 1000;
const SLOTS = 16_384;

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
  // The nodes are known once a command has been answered.
  if (client.slots?.length === 0) await request(() => sendAll(client, [['ping', []]]));
  const match = `${escapeGlob(prefix)}*`;
  await Promise.all(
    mastersOf(client).map(async (node) => {
      let cursor = '0';
      do {
        const scan: RedisCommand = [
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

/**
 * The clients of all masters. @throws Error while a slot has none: its keys would be missing
 * silently
 */
function mastersOf(client: RedisClient): readonly RedisClient[] {
  const { slots } = client;
  if (slots === undefined) return [client];
  const masters = client.nodes?.('master') ?? [];
  const known = new Set(masters.map(({ options: { host = '', port = 0 } }) => `${host}:${port}`));
  for (let slot = 0; slot < SLOTS; slot++) {
    const master = slots[slot]?.[0];
    if (master !== undefined && known.has(master)) continue;
    throw new Error(
      `the client is not connected to a master of slot ${slot} (${master ?? 'no node serves it'})`,
    );
  }
  return masters;
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}
