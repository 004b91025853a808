import { writeSync } from 'node:fs';

/** A batch of a job; offsets are those of the input, `last` is inclusive. */
export interface JobBatch {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
}

/** Where a job stops for ever: at this step of this batch of a partition, counted from 1. */
export interface BlockAt<Step extends string> {
  readonly partition: number;
  readonly batch: number;
  readonly at: Step;
}

/** What the lines of a job say of its batches. */
export type JobStepLine<Step extends string> =
  ({ readonly at: Step } & JobBatch) | ({ readonly at: 'blocked' } & JobBatch);

/**
 * Writes a line of JSON at once, so that what it says is known even if the process is killed a moment
 * later.
 */
export function reportLine(line: { readonly at: string }): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Reports each step that a batch reaches, and stops the process for ever at one of them. */
export class JobSteps<Step extends string> {
  readonly #blockAt: BlockAt<Step> | undefined;
  /** Batches that reached a step, by partition and step. */
  readonly #reached = new Map<string, number>();

  constructor(blockAt: BlockAt<Step> | undefined) {
    this.#blockAt = blockAt;
  }

  reached(at: Step, batch: JobBatch): void {
    reportLine({ at, ...batch });
    const { partition } = batch;
    const key = `${partition}/${at}`;
    const count = (this.#reached.get(key) ?? 0) + 1;
    this.#reached.set(key, count);
    const block = this.#blockAt;
    if (block?.partition !== partition || block.at !== at || block.batch !== count) return;
    reportLine({ at: 'blocked', ...batch });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}
