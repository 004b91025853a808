import type { Ground } from './ground.ts';
import { KEY_BYTES, type InputShape } from './input-records.ts';
import type { Job } from './jobs/job.ts';
import type { BenchOptions } from './options.ts';

/** The most that a run reads: some seconds' work also with large records. */
const MOST_INPUT_BYTES = 512 * 1024 * 1024;
/** More batches than this make a run long without saying more. */
const MOST_BATCHES = 20_000;

/** Every combination of what topics can be like. */
export function grounds({ valueBytes, compressions, partitions }: BenchOptions): Ground[] {
  return valueBytes.flatMap((bytes) =>
    compressions.flatMap((compression) =>
      partitions.map((count) => ({ valueBytes: bytes, compression, partitions: count })),
    ),
  );
}

/**
 * The input topics of a job for batches of one size, or as a client fetches them; the records of a
 * run are shared out among them.
 */
export function inputShapes(
  job: Job,
  { valueBytes, partitions }: Ground,
  { records, keys, batch }: Pick<BenchOptions, 'records' | 'keys'> & { readonly batch: number | undefined },
): InputShape[] {
  const all = Math.min(
    records,
    job.mostRecords ?? Infinity,
    Math.floor(MOST_INPUT_BYTES / (KEY_BYTES + valueBytes)),
    MOST_BATCHES * (batch ?? Infinity),
  );
  return Array.from({ length: job.inputs }, (_, seed) => ({
    records: Math.max(1, Math.floor(all / job.inputs)),
    partitions,
    keys: Math.min(keys, job.mostKeys ?? Infinity),
    valueBytes,
    value: job.value,
    seed,
  }));
}
