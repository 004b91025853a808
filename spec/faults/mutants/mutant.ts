/**
 * This package with one mistake in it. What is to find the mistakes of this package has to find this
 * one, too.
 */
export interface Mutant {
  /** In kebab case; also its folder's name. */
  readonly name: string;
  /** What it does wrong, in one sentence. */
  readonly mistake: string;
  /** Each found by text that is there once. */
  readonly edits: readonly [Edit, ...Edit[]];
  /** Whether the gate may have it checked: it is found within seconds. Default false. */
  readonly isQuick?: boolean;
  /** How it is found. */
  readonly found: Finding;
}

/** A change of one file of the sources. */
export interface Edit {
  /** Such as 'source/batch/batch-line.ts'. */
  readonly file: string;
  /** Is there exactly once; otherwise the sources have changed, and the mutant must be looked at. */
  readonly replace: string;
  readonly by: string;
}

/** The invariant that names the mistake, and under which circumstances. */
export interface Finding {
  readonly invariant: string;
  readonly under: Circumstances;
}

/**
 * `campaign`: with servers and worker processes. `wire`: random schedules on an embedded cluster.
 * `schedules`: random schedules on the fake Kafka. With the same seed, the package itself passes.
 */
export type Circumstances =
  | {
      readonly by: 'campaign';
      readonly workload: string;
      /** In turn, one a cycle. */
      readonly faults: readonly [string, ...string[]];
      readonly seed: number;
      /** Records a second. Default: as in the campaign. */
      readonly rate?: number;
    }
  | {
      readonly by: 'wire' | 'schedules';
      /** The first seed, and how many follow it. */
      readonly seed: number;
      readonly schedules: number;
    };
