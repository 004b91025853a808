import { Random } from '../_helpers/schedules/random.ts';
import { numberHeader, type GeneratedRecord, type WorkloadJob } from './workload-job.ts';

/** What was written to the input: records are made again of the seed, and are not kept. */
export class InputBooks {
  readonly #workload: WorkloadJob;
  readonly #seed: number;
  /** By partition, how many records were acked. */
  readonly acked: number[];

  constructor(workload: WorkloadJob, seed: number, partitions: number) {
    this.#workload = workload;
    this.#seed = seed;
    this.acked = Array.from({ length: partitions }, () => 0);
  }

  get total(): number {
    return this.acked.reduce((sum, count) => sum + count, 0);
  }

  /** Record `n` of a partition, without the header of its number. */
  record(partition: number, n: number): GeneratedRecord {
    const seed =
      Math.imul(this.#seed ^ Math.imul(partition + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(n + 1, 0xc2b2ae35);
    return this.#workload.record(new Random(seed), partition, n);
  }

  /** The headers of a record as they are written, names and values in turn. */
  static headersOf(record: GeneratedRecord, n: number): readonly (string | Buffer | null)[] {
    return [...(record.headers ?? []), numberHeader, Buffer.from(String(n))];
  }
}
