import { badlyCompressed } from './inflate-bound.ts';

/**
 * The stream format of the Java snappy library, which Kafka's Java clients write; librdkafka writes
 * one raw block instead. Magic, version 1, compatible from version 1; then blocks, each with its
 * length as 32 bits before it.
 *
 * @see
 *   https://github.com/xerial/snappy-java/blob/master/src/main/java/org/xerial/snappy/SnappyCodec.java
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const STREAM_HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const BLOCK_LENGTH_BYTES = 4;
/** As the Java library cuts them. */
const BLOCK_BYTES = 32 * 1024;

/** Compresses into the stream format. */
export function frameSnappy(bytes: Buffer, compressBlock: (block: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [STREAM_HEADER];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compressBlock(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.allocUnsafe(BLOCK_LENGTH_BYTES);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** The raw snappy blocks of the stream, or the whole where there is no stream header. */
export function snappyBlocks(bytes: Buffer): Buffer[] {
  if (bytes.length < STREAM_HEADER.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return [bytes];
  const blocks: Buffer[] = [];
  let at = STREAM_HEADER.length;
  while (at < bytes.length) {
    const start = at + BLOCK_LENGTH_BYTES;
    const length = start <= bytes.length ? bytes.readInt32BE(at) : -1;
    if (length <= 0 || start + length > bytes.length) {
      throw badlyCompressed('snappy', `the block at byte ${at} of ${bytes.length} does not fit`);
    }
    at = start + length;
    blocks.push(bytes.subarray(start, at));
  }
  return blocks;
}

/**
 * The inflated size that a raw block declares at its start, a plain varint of up to 32 bits.
 *
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function inflatedBlockBytes(block: Buffer): number {
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i] ?? 0x80;
    bytes += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return bytes;
  }
  throw badlyCompressed('snappy', 'a block does not begin with its size');
}
