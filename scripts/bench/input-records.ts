/**
 * The records of a bench's topics: which keys they have, and so what every job must find. Keys come
 * at random, but always the same ones, and each key has its partition.
 */
export interface InputShape {
  readonly records: number;
  readonly partitions: number;
  /** How many keys there are. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly value: 'text' | 'json';
  /** Tells topics of one shape apart: another one, other keys. */
  readonly seed: number;
}

export const KEY_BYTES = 7;

/** A key by its index: seven digits. */
export function keyText(index: number): string {
  return String(index).padStart(KEY_BYTES, '0');
}

/** Calls `take` with the index of the key of each record, in the order of the records. */
export function forEachKey({ records, keys, seed }: InputShape, take: (index: number) => void): void {
  // xorshift32: https://www.jstatsoft.org/article/view/v008i14
  let state = 2_463_534_242 + seed;
  for (let at = 0; at < records; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    take((state >>> 0) % keys);
  }
}

/** How many records each partition has. */
export function recordsByPartition(shape: InputShape): number[] {
  const found = Array.from({ length: shape.partitions }, () => 0);
  forEachKey(shape, (index) => {
    found[index % shape.partitions] = (found[index % shape.partitions] ?? 0) + 1;
  });
  return found;
}

/** How many records each key has, by its index. */
export function recordsByKey(shape: InputShape): Uint32Array {
  const found = new Uint32Array(shape.keys);
  forEachKey(shape, (index) => {
    found[index] = (found[index] ?? 0) + 1;
  });
  return found;
}

/**
 * What counts come to, by keys or their indexes. `weighted` is the sum of each count times the
 * index of its key, so that one count too many and one too few do not cancel out.
 */
export function countSums(counts: Iterable<readonly [key: string | number, count: number]>): {
  keys: number;
  total: number;
  weighted: number;
} {
  let keys = 0;
  let total = 0;
  let weighted = 0;
  for (const [key, count] of counts) {
    if (count === 0) continue;
    keys++;
    total += count;
    weighted += Number(key) * count;
  }
  return { keys, total, weighted };
}
