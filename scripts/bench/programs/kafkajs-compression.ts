import kafkajs from 'kafkajs';
import { codecNamed, prepareCompression } from '../../../source/kafka/records/compression.ts';
import type { Compression } from '../../../source/index.ts';

const MOST_BYTES = 256 * 1024 * 1024;

/**
 * kafkajs's number of a codec. It has gzip itself; the others are given to it, and are those of
 * this project.
 */
export async function kafkajsCompression(name: Compression): Promise<kafkajs.CompressionTypes> {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  if (name === 'none') return CompressionTypes.None;
  if (name === 'gzip') return CompressionTypes.GZIP;
  await prepareCompression();
  const codec = codecNamed(name);
  const types = {
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  } as const;
  const type = types[name];
  CompressionCodecs[type] = () => ({
    compress: async ({ buffer }: { readonly buffer: Buffer }) => codec.compress(buffer),
    decompress: async (records: Buffer) => codec.decompress(records, MOST_BYTES),
  });
  return type;
}
