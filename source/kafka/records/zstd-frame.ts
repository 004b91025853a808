import { badlyCompressed } from './inflate-bound.ts';

const MAGIC = 0xfd2fb528;
/** No block inflates to more than this, for any window. */
const MAX_BLOCK_BYTES = 128 * 1024;
const BLOCK_RLE = 1;
const BLOCK_COMPRESSED = 2;

/** What a frame says of its inflated size before it is inflated. */
export interface ZstdFrameSize {
  /**
   * Undefined where the frame does not declare it: Kafka's Java client streams and cannot know it.
   */
  readonly declared: number | undefined;
  /** An upper bound from the blocks, exact but for the last one as a rule. */
  readonly atMost: number;
}

/**
 * Measures one frame without inflating it.
 *
 * @throws RecordError where this is not one whole frame
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
 */
export function zstdFrameSize(frame: Buffer): ZstdFrameSize {
  if (frame.length < 6 || frame.readUInt32LE(0) !== MAGIC) {
    throw badlyCompressed('zstd', 'it does not begin with a Zstandard frame');
  }
  const descriptor = frame.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const atMost = sumOfBlocks(frame, sizeAt + sizeBytes, (descriptor & 0x04) !== 0);
  return { declared: sizeBytes === 0 ? undefined : declaredBytes(frame, sizeAt, sizeBytes), atMost };
}

function declaredBytes(frame: Buffer, at: number, fieldBytes: number): number {
  if (fieldBytes === 8) return Number(frame.readBigUInt64LE(at));
  const value = frame.readUIntLE(at, fieldBytes);
  // Two bytes cannot say less than 256: there the one-byte form is used.
  return fieldBytes === 2 ? value + 256 : value;
}

function sumOfBlocks(frame: Buffer, start: number, hasChecksum: boolean): number {
  let at = start;
  let sum = 0;
  let isLast = false;
  while (!isLast) {
    if (at + 3 > frame.length) throw badlyCompressed('zstd', `the frame is cut off at byte ${frame.length}`);
    const header = frame.readUIntLE(at, 3);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    if (type > BLOCK_COMPRESSED) throw badlyCompressed('zstd', `a block of unknown type at byte ${at}`);
    isLast = (header & 1) === 1;
    sum += type === BLOCK_COMPRESSED ? MAX_BLOCK_BYTES : size;
    at += 3 + (type === BLOCK_RLE ? 1 : size);
  }
  const frameBytes = at + (hasChecksum ? 4 : 0);
  if (frameBytes !== frame.length) {
    throw badlyCompressed('zstd', `the frame ends at byte ${frameBytes} of ${frame.length}`);
  }
  return sum;
}
