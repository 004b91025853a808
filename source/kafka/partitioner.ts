/**
 * Chooses the partition of a record that has a key: a whole number from 0 to `partitionCount`,
 * exclusive. The same key must always give the same partition. Text keys are hashed as their UTF-8
 * bytes.
 */
export type Partitioner = (key: Uint8Array, partitionCount: number, topic: string) => number;

const MURMUR2_SEED = 0x9747b28c;
const MURMUR2_MULTIPLIER = 0x5bd1e995;

/**
 * The 32-bit murmur2 hash (signed) as Kafka's Java client computes it.
 *
 * @see https://github.com/apache/kafka/blob/4.1.1/clients/src/main/java/org/apache/kafka/common/utils/Utils.java (murmur2)
 */
export function murmur2(key: Uint8Array, start = 0, end = key.length): number {
  const length = end - start;
  const wholeWords = start + (length & ~3);
  let hash = MURMUR2_SEED ^ length;
  for (let at = start; at < wholeWords; at += 4) {
    let word =
      byteAt(key, at) |
      (byteAt(key, at + 1) << 8) |
      (byteAt(key, at + 2) << 16) |
      (byteAt(key, at + 3) << 24);
    word = Math.imul(word, MURMUR2_MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MURMUR2_MULTIPLIER) ^ Math.imul(word, MURMUR2_MULTIPLIER);
  }
  const rest = end - wholeWords;
  if (rest > 2) hash ^= byteAt(key, wholeWords + 2) << 16;
  if (rest > 1) hash ^= byteAt(key, wholeWords + 1) << 8;
  if (rest > 0) hash = Math.imul(hash ^ byteAt(key, wholeWords), MURMUR2_MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR2_MULTIPLIER);
  return hash ^ (hash >>> 15);
}

const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The 32-bit FNV-1a hash (signed), Go's `hash/fnv` New32a.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9923
 */
export function fnv1a(key: Uint8Array, start = 0, end = key.length): number {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ byteAt(key, at), FNV_PRIME);
  return hash | 0;
}

/**
 * The partitioners that other clients use; a topic must be written by all its producers with the
 * same one, or a key is found in two partitions and joins by partition break.
 *
 * - `murmur2`: Java, Kafka Streams, Connect, and kafkajs's default:
 *   `toPositive(murmur2(key)) % count`.
 * - `fnv1a`: Go's sarama with its default NewHashPartitioner, and goka: the signed hash modulo the
 *   count, negative results negated (not sarama's NewReferenceHashPartitioner, which clears the
 *   sign bit instead).
 *
 * @see https://github.com/apache/kafka/blob/4.1.1/clients/src/main/java/org/apache/kafka/clients/producer/internals/BuiltInPartitioner.java
 * @see https://github.com/IBM/sarama/blob/main/partitioner.go
 */
export const partitioners = Object.freeze({
  /** As Java's default partitioner. */
  murmur2: (key: Uint8Array, partitionCount: number) => javaPartition(murmur2(key), partitionCount),
  /** As sarama's hash partitioner, which goka uses. */
  fnv1a: (key: Uint8Array, partitionCount: number) => saramaPartition(fnv1a(key), partitionCount),
}) satisfies Readonly<Record<string, Partitioner>>;

/** A key that lies in a larger buffer. */
export interface KeyInPlace {
  readonly buffer: Buffer;
  /** Position of the key's first byte. */
  readonly keyAt: number;
  readonly keyBytes: number;
}

/**
 * The partition that a partitioner gives to a key where it lies. Those of this module need no view
 * of it, which would cost more than the hash.
 */
export function partitionInPlace(
  partitioner: Partitioner,
  { buffer, keyAt, keyBytes }: KeyInPlace,
  partitionCount: number,
  topic: string,
): number {
  const end = keyAt + keyBytes;
  if (partitioner === partitioners.murmur2) return javaPartition(murmur2(buffer, keyAt, end), partitionCount);
  if (partitioner === partitioners.fnv1a) return saramaPartition(fnv1a(buffer, keyAt, end), partitionCount);
  return partitioner(buffer.subarray(keyAt, end), partitionCount, topic);
}

/**
 * Spreads records without a key over the partitions of their topics: a run of records goes to one
 * partition, the next run to the next partition, so that no partition is favoured. Longer runs make
 * fewer and fuller batches where few records are sent at a time. Starts at a random partition, or
 * many short-lived programs would all write to partition 0.
 */
export class KeylessSpread {
  readonly #runLength: number;
  readonly #random: () => number;
  readonly #sent = new Map<string, number>();

  /**
   * @param options.runLength records in a row for one partition, at least 1. Default 1: strict
   * rotation
   * @param options.random a number in [0, 1); `Math.random` unless a spec passes its own
   */
  constructor(options: { readonly runLength?: number; readonly random?: () => number } = {}) {
    this.#runLength = Math.max(1, Math.floor(options.runLength ?? 1));
    this.#random = options.random ?? Math.random;
  }

  /** The partition of the topic's next record without a key. */
  next(topic: string, partitionCount: number): number {
    const sent = this.#sent.get(topic) ?? Math.floor(this.#random() * partitionCount) * this.#runLength;
    this.#sent.set(topic, sent + 1);
    return Math.floor(sent / this.#runLength) % partitionCount;
  }
}

function javaPartition(hash: number, partitionCount: number): number {
  return (hash & 0x7fff_ffff) % partitionCount;
}

function saramaPartition(hash: number, partitionCount: number): number {
  return Math.abs(hash % partitionCount);
}

function byteAt(key: Uint8Array, at: number): number {
  return key[at] ?? 0;
}
