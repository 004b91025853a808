import { crc32c } from '@node-rs/crc32';
import { readRange, type ConsumerMessage, type KafkaClient } from '../../source/index.ts';
import { keyText, recordsByKey, type InputShape } from './input-records.ts';
import { inputValues } from './input-values.ts';
import type { JobOutput } from './jobs/job.ts';

/** What is in a partition of an output, whatever the order of its records. */
export interface PartitionContents {
  readonly records: number;
  /** The sum of the checksums of all records, over key and value, in 32 bits. */
  readonly checksum: number;
}

const READ_LIMIT_MS = 120_000;
const NO_BYTES = Buffer.alloc(0);

/** What a job must have sent, by output partition. */
export function expectedContents(output: JobOutput, inputs: readonly InputShape[]): PartitionContents[] {
  const shape = inputs[output.input];
  if (shape === undefined) return [];
  const { partitions } = shape;
  const records = new Array<number>(partitions).fill(0);
  const checksums = new Array<number>(partitions).fill(0);
  const valueOf = inputValues(shape);
  for (const [index, count] of recordsByKey(shape).entries()) {
    const partition = count === 0 ? undefined : output.partition(index, partitions);
    if (partition === undefined) continue;
    const value = valueOf(index);
    const checksum = checksumOf(Buffer.from(keyText(index)), output.value?.(value) ?? value);
    records[partition] = (records[partition] ?? 0) + count;
    checksums[partition] = ((checksums[partition] ?? 0) + Math.imul(checksum, count)) >>> 0;
  }
  return records.map((count, partition) => ({ records: count, checksum: checksums[partition] ?? 0 }));
}

/**
 * Reads the partitions of a topic up to these ends, each with an offset for each record.
 *
 * @throws Error after two minutes, and what the source reports
 */
export async function readContents(
  client: KafkaClient,
  topic: string,
  ends: readonly number[],
): Promise<PartitionContents[]> {
  const checksums = ends.map(() => 0);
  const records = ends.map(() => 0);
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new Error(`${topic} was not read to its end within ${READ_LIMIT_MS / 1000} s`));
  }, READ_LIMIT_MS);
  const ranges = ends.map((to, partition) => ({ topic, partition, from: 0, to }));
  const add = (message: ConsumerMessage) => {
    const { partition } = message;
    checksums[partition] = ((checksums[partition] ?? 0) + checksumOfMessage(message)) >>> 0;
    records[partition] = (records[partition] ?? 0) + 1;
  };
  try {
    await readRange(client, ranges, add, { signal: limit.signal });
  } finally {
    clearTimeout(timer);
  }
  return records.map((count, partition) => ({ records: count, checksum: checksums[partition] ?? 0 }));
}

function checksumOfMessage({ key, value }: ConsumerMessage): number {
  return checksumOf(key ?? NO_BYTES, value ?? NO_BYTES);
}

function checksumOf(key: Buffer, value: Buffer): number {
  return crc32c(value, crc32c(key));
}
