import type { RedisClient } from './redis-client.ts';

const SLOTS = 16_384;

/** CRC-16/XMODEM, as in Redis Cluster. */
const crcTable = Uint16Array.from({ length: 256 }, (_none, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc;
});

/**
 * The slot of a key: that of the part between its first `{` and the next `}`, if it is not empty,
 * otherwise that of the whole key.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc = ((crc << 8) & 0xffff) ^ (crcTable[((crc >> 8) ^ byte) & 0xff] ?? 0);
  }
  return crc % SLOTS;
}

/**
 * Keys of one slot: Redis Cluster refuses a command with keys of several slots, even if one node
 * serves them all.
 */
export type OneSlot<T> = readonly T[];

/**
 * Groups keys by the node that serves them, and by slot: what one node serves can be sent together.
 * Without a cluster there is one node, and all keys count as one slot.
 */
export function byNode<T>(
  client: RedisClient,
  items: readonly T[],
  keyOf: (item: T) => string,
): OneSlot<T>[][] {
  const { slots } = client;
  if (slots === undefined) return [[items]];
  const bySlot = new Map<number, T[]>();
  for (const item of items) {
    const slot = slotOf(keyOf(item));
    const same = bySlot.get(slot);
    if (same === undefined) bySlot.set(slot, [item]);
    else same.push(item);
  }
  const nodes = new Map<string, OneSlot<T>[]>();
  for (const [slot, same] of bySlot) {
    const node = slots[slot]?.join(' ') ?? '';
    const ofNode = nodes.get(node);
    if (ofNode === undefined) nodes.set(node, [same]);
    else ofNode.push(same);
  }
  return [...nodes.values()];
}
