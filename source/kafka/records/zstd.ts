import { createRequire } from 'node:module';
import zlib from 'node:zlib';
import type * as ZstdWasm from '@bokuweb/zstd-wasm';
import { LifecycleError } from '../../kernel/errors.ts';
import { textOf } from '../../kernel/thrown-text.ts';
import { badlyCompressed, beyondBound, isOutputTooLarge } from './inflate-bound.ts';
import { zstdFrameSize } from './zstd-frame.ts';

/** What node:zlib has from Node 22.15 on. */
interface NativeZstd {
  zstdCompressSync(bytes: Buffer): Buffer;
  zstdDecompressSync(bytes: Buffer, options: zlib.ZlibOptions): Buffer;
}

const native: Partial<NativeZstd> = zlib as Partial<NativeZstd>;
let wasm: typeof ZstdWasm | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads what Zstandard needs; on Node 22.15 and later there is nothing to load. May be called again
 * at no cost.
 */
export function prepareZstd(): Promise<void> {
  return (loading ??= native.zstdDecompressSync === undefined ? loadWasm() : Promise.resolve());
}

async function loadWasm(): Promise<void> {
  const require = createRequire(import.meta.url);
  const loaded = require('@bokuweb/zstd-wasm') as typeof ZstdWasm;
  await loaded.init();
  wasm = loaded;
}

export function compressZstd(bytes: Buffer): Buffer {
  return native.zstdCompressSync?.(bytes) ?? asBuffer(wasmZstd().compress(bytes));
}

/**
 * Inflates one frame. Its size is measured before, so that neither way allocates more than the
 * bound.
 */
export function decompressZstd(bytes: Buffer, maxBytes: number): Buffer {
  const { declared, atMost } = zstdFrameSize(bytes);
  if (declared !== undefined && declared > maxBytes) throw beyondBound('zstd', maxBytes, declared);
  const room = Math.min(declared ?? atMost, maxBytes);
  try {
    return native.zstdDecompressSync?.(bytes, nativeLimits(room)) ?? wasmDecompress(bytes, room);
  } catch (error) {
    if (isTooSmall(error)) throw beyondBound('zstd', maxBytes);
    throw error instanceof LifecycleError ? error : badlyCompressed('zstd', textOf(error), error);
  }
}

/** One chunk takes it all. zlib refuses limits and chunks below a few bytes. */
function nativeLimits(room: number): zlib.ZlibOptions {
  return { maxOutputLength: Math.max(1, room), chunkSize: Math.max(64, room) };
}

function wasmDecompress(bytes: Buffer, room: number): Buffer {
  // The size is used where the frame declares none.
  return asBuffer(wasmZstd().decompress(bytes, { defaultHeapSize: room }));
}

/** The package gives error codes as text only; ZSTD_error_dstSize_tooSmall is 70. */
function isTooSmall(error: unknown): boolean {
  return isOutputTooLarge(error) || (error instanceof Error && error.message.endsWith(' code -70'));
}

function wasmZstd(): typeof ZstdWasm {
  if (wasm === undefined) throw new LifecycleError('await prepareCompression() before zstd is used');
  return wasm;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
