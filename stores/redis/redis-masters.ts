import type { RedisClient } from './redis-client.ts';
import { sendAll } from './redis-send.ts';

const SLOTS = 16_384;

/**
 * The clients of all masters; without a cluster the client itself.
 *
 * @param request sends a request, and limits its time; default: without a limit
 * @throws Error while a slot has no master, or the client is not connected to it: what is asked of
 *   the others would not be true of all keys
 */
export async function connectedMasters(
  client: RedisClient,
  request: (send: () => Promise<void>) => Promise<void> = (send) => send(),
): Promise<readonly RedisClient[]> {
  const { slots } = client;
  if (slots === undefined) return [client];
  if (slots.length === 0) await request(() => awaitSlots(client));
  const masters = client.nodes?.('master') ?? [];
  const known = new Set(masters.map(({ options: { host = '', port = 0 } }) => `${host}:${port}`));
  for (let slot = 0; slot < SLOTS; slot++) {
    const master = client.slots?.[slot]?.[0];
    if (master !== undefined && known.has(master)) continue;
    throw new Error(
      `the client is not connected to a master of slot ${slot} (${master ?? 'no node serves it'})`,
    );
  }
  return masters;
}

/**
 * Waits until the client of a cluster knows which node serves what: then a command without keys is
 * answered.
 *
 * @throws Error if it is not
 */
export async function awaitSlots(client: RedisClient): Promise<void> {
  const [[error] = [null]] = await sendAll(client, [['call', 'ping', []]]);
  if (error !== null) throw error;
}
