import type { RecordError } from '../../kernel/errors.ts';
import { badlyCompressed } from './inflate-bound.ts';

const MAGIC = 0x184d2204;
/** Set in a block's length where the block is stored as it is. */
const STORED = 0x8000_0000;
const MIN_MATCH = 4;

/** What the descriptor at the start of a frame says. */
interface FrameDescriptor {
  /** Position of the first block. */
  readonly end: number;
  readonly maxBlockBytes: number;
  readonly hasBlockChecksum: boolean;
  readonly hasContentChecksum: boolean;
}

/**
 * The inflated size of an LZ4 frame, without inflating it: the frames that Kafka clients write do
 * not declare it. What is returned is exact, or an upper bound that is not above `enough`; to count
 * exactly is slower and only done where the bound says too little.
 *
 * @throws RecordError where this is not one whole frame
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function lz4FrameBytes(frame: Buffer, enough: number): number {
  const bound = sumOfBlocks(frame, (_block, max) => max);
  return bound <= enough ? bound : sumOfBlocks(frame, inflatedBlockBytes);
}

function sumOfBlocks(
  frame: Buffer,
  compressedBlockBytes: (block: Buffer, maxBytes: number) => number,
): number {
  const { end, maxBlockBytes, hasBlockChecksum, hasContentChecksum } = descriptorOf(frame);
  let at = end;
  let sum = 0;
  for (;;) {
    const field = lengthAt(frame, at);
    at += 4;
    if (field === 0) break;
    const length = field % STORED;
    if (at + length > frame.length) throw cut(frame);
    sum += field >= STORED ? length : compressedBlockBytes(frame.subarray(at, at + length), maxBlockBytes);
    at += length + (hasBlockChecksum ? 4 : 0);
  }
  const frameBytes = at + (hasContentChecksum ? 4 : 0);
  if (frameBytes !== frame.length) {
    throw badlyCompressed('lz4', `the frame ends at byte ${frameBytes} of ${frame.length}`);
  }
  return sum;
}

function descriptorOf(frame: Buffer): FrameDescriptor {
  const flags = frame[4] ?? 0;
  const maxBlockCode = ((frame[5] ?? 0) >> 4) & 7;
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC || flags >> 6 !== 1 || maxBlockCode < 4) {
    throw badlyCompressed('lz4', 'it does not begin with an LZ4 frame descriptor');
  }
  const contentSizeBytes = (flags & 0x08) === 0 ? 0 : 8;
  const dictionaryIdBytes = (flags & 0x01) === 0 ? 0 : 4;
  return {
    end: 7 + contentSizeBytes + dictionaryIdBytes,
    // 64 KB, 256 KB, 1 MB, 4 MB.
    maxBlockBytes: 2 ** (8 + 2 * maxBlockCode),
    hasBlockChecksum: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
  };
}

/**
 * Adds up the literals and matches of a block.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
function inflatedBlockBytes(block: Buffer): number {
  let at = 0;
  let sum = 0;
  const extended = (nibble: number) => {
    let length = nibble;
    if (nibble < 15) return length;
    let byte: number;
    do {
      byte = block[at++] ?? 0;
      length += byte;
    } while (byte === 255);
    return length;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = extended(token >> 4);
    at += literals;
    sum += literals;
    // The last sequence of a block has literals only.
    if (at >= block.length) break;
    at += 2;
    sum += MIN_MATCH + extended(token & 15);
  }
  return sum;
}

function lengthAt(frame: Buffer, at: number): number {
  if (at + 4 > frame.length) throw cut(frame);
  return frame.readUInt32LE(at);
}

function cut(frame: Buffer): RecordError {
  return badlyCompressed('lz4', `the frame is cut off at byte ${frame.length}`);
}
