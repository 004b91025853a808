import type { JobName } from '../jobs/job-names.ts';
import type { Ground } from '../ground.ts';
import type { Settings } from '../task.ts';

export const peerNames = ['kafkajs', 'platformatic', 'franz-go'] as const;
export type PeerName = (typeof peerNames)[number];

/** A client that is measured. */
export interface Contender {
  readonly name: 'kasper-ts' | PeerName;
  /** The jobs that it has a program for. */
  readonly jobs: readonly JobName[];
  /**
   * Which of the sizes of batches it is measured with: each that was asked for, or the largest alone,
   * where it waits for the commit of each batch. 'as fetched': it has none.
   */
  readonly batches: 'each' | 'largest' | 'as fetched';
  /** What it is set to, where that is not its default; found by `--sweep`. */
  readonly settings: Settings;
  /** Why it cannot work with topics of a kind here; undefined: it can. Default: it can with all. */
  readonly lacks?: (ground: Ground) => string | undefined;
  /** The values that `--sweep` tries, in every combination that the job makes a difference in. */
  readonly sweep?: (job: JobName) => Readonly<Record<string, readonly number[]>>;
  /**
   * Builds or installs what it needs, where that is not there yet.
   *
   * @throws MissingContenderError
   */
  prepare(): Promise<PreparedContender>;
}

/** How a contender is started; the task is its last argument. */
export interface PreparedContender {
  readonly version: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A contender cannot be had on this machine. The message says why. */
export class MissingContenderError extends Error {
  override readonly name = 'MissingContenderError';
}
