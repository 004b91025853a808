import type { Compression } from '../../source/index.ts';

/** What the topics of a comparison are like. */
export interface Ground {
  readonly valueBytes: number;
  readonly compression: Compression;
  readonly partitions: number;
}
