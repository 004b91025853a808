import { constants } from 'node:buffer';
import { createRequire } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';
import type * as Lz4 from 'lz4-napi';
import type * as Snappy from 'snappy';
import { ConfigError, RecordError } from '../../kernel/errors.ts';
import { textOf } from '../../kernel/thrown-text.ts';
import type { Compression } from '../sink.ts';
import { badlyCompressed, beyondBound, isOutputTooLarge } from './inflate-bound.ts';
import { lz4FrameBytes } from './lz4-frame.ts';
import { frameSnappy, inflatedBlockBytes, snappyBlocks } from './snappy-framing.ts';
import { compressZstd, decompressZstd, prepareZstd } from './zstd.ts';

/** One way to compress the records of a batch. */
export interface Codec {
  readonly name: Compression;
  /** Its number in the attributes of a batch. */
  readonly bits: number;
  compress(records: Buffer): Buffer;
  /**
   * Never allocates much more than `maxBytes` (at least 1): the size is known or bounded before, or
   * counted on the way.
   * @throws RecordError if the records inflate beyond `maxBytes` or are damaged
   * @throws ConfigError if the codec's package cannot be loaded on this platform
   */
  decompress(records: Buffer, maxBytes: number): Buffer;
}

const none: Codec = {
  name: 'none',
  bits: 0,
  compress: (records) => records,
  decompress: (records) => records,
};

const gzip: Codec = {
  name: 'gzip',
  bits: 1,
  compress: (records) => gzipSync(records),
  decompress(records, maxBytes) {
    try {
      return gunzipSync(records, {
        maxOutputLength: Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH),
        chunkSize: gzipChunkBytes(records, maxBytes),
      });
    } catch (error) {
      if (isOutputTooLarge(error)) throw beyondBound('gzip', maxBytes);
      throw badlyCompressed('gzip', textOf(error), error);
    }
  },
};

const snappy: Codec = {
  name: 'snappy',
  bits: 2,
  compress: (records) => frameSnappy(records, (block) => snappyPackage().compressSync(block, COPIED)),
  decompress(records, maxBytes) {
    const blocks = snappyBlocks(records);
    const bytes = blocks.reduce((sum, block) => sum + inflatedBlockBytes(block), 0);
    if (bytes > maxBytes) throw beyondBound('snappy', maxBytes, bytes);
    try {
      const parts = blocks.map((block) => snappyPackage().uncompressSync(block, COPIED) as Buffer);
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, bytes);
    } catch (error) {
      throw failure('snappy', error);
    }
  },
};

const lz4: Codec = {
  name: 'lz4',
  bits: 3,
  compress: (records) => lz4Package().compressFrameSync(records),
  decompress(records, maxBytes) {
    const atMost = lz4FrameBytes(records, maxBytes);
    if (atMost > maxBytes) throw beyondBound('lz4', maxBytes, atMost);
    try {
      return lz4Package().decompressFrameSync(records);
    } catch (error) {
      throw failure('lz4', error);
    }
  },
};

const zstd: Codec = { name: 'zstd', bits: 4, compress: compressZstd, decompress: decompressZstd };

/** Every codec that Kafka has, at its number in the attributes of a batch. */
const codecs: readonly Codec[] = [none, gzip, snappy, lz4, zstd];

/**
 * Loads what the codecs need to run synchronously afterwards. Must have been awaited before a batch
 * is decoded or sealed: without it zstd throws LifecycleError on Node before 22.15. May be called
 * again at no cost.
 */
export async function prepareCompression(): Promise<void> {
  await prepareZstd();
}

/** @throws RecordError for a number that Kafka does not have */
export function codecOf(bits: number): Codec {
  const codec = codecs[bits];
  if (codec === undefined) {
    throw new RecordError(
      `it is compressed with codec ${bits}, which is not known; known are 0 to ${codecs.length - 1}`,
    );
  }
  return codec;
}

/** @throws ConfigError for a name that is not known */
export function codecNamed(name: Compression): Codec {
  const codec = codecs.find((one) => one.name === name);
  if (codec === undefined) {
    throw new ConfigError([
      `compression must be one of ${codecs.map((one) => one.name).join(', ')}, not ${name}`,
    ]);
  }
  return codec;
}

/** Why a codec cannot be used here: its package is not there. Undefined if it can, or there is no such codec. */
export function codecProblem(name: string): string | undefined {
  try {
    if (name === 'snappy') snappyPackage();
    else if (name === 'lz4') lz4Package();
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

/** Buffers on V8's own heap: external ones take several times as long to make and to collect. */
const COPIED = { copyOutputData: true } as const;

/**
 * A gzip member ends with its size. One chunk of that size saves the joining of many; it is a hint
 * only, `maxOutputLength` is the bound.
 */
function gzipChunkBytes(records: Buffer, maxBytes: number): number {
  const claimed = records.length < 4 ? 0 : records.readUInt32LE(records.length - 4);
  return Math.max(16 * 1024, Math.min(claimed, maxBytes));
}

function failure(codec: Compression, error: unknown): Error {
  return error instanceof ConfigError ? error : badlyCompressed(codec, textOf(error), error);
}

/**
 * The native packages are loaded when the first batch needs them, so that a platform for which one
 * was not built can still use the other codecs.
 */
function loadedOnce<T>(codec: Compression, load: () => T): () => T {
  let loaded: T | undefined;
  return () => {
    try {
      return (loaded ??= load());
    } catch (cause) {
      throw new ConfigError(
        [
          `compression ${codec} needs a package that could not be loaded on ${process.platform} ${process.arch} (see cause): ` +
            'install the optional dependencies as well, or use another compression',
        ],
        { cause },
      );
    }
  };
}

const require = createRequire(import.meta.url);
const snappyPackage = loadedOnce('snappy', () => require('snappy') as typeof Snappy);
const lz4Package = loadedOnce('lz4', () => require('lz4-napi') as typeof Lz4);
