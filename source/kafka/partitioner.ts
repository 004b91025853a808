export type Partitioner = (key: Uint8Array, partitionCount: number, topic: string) => number;
export const partitioners = {
  murmur2: (k: Uint8Array, n: number) => k.length % n,
  fnv1a: (k: Uint8Array, n: number) => k.length % n,
};
