import type { RunReports } from '../run-reports.ts';

/** Notices when all input partitions of a bounded run have processed what it wants of them. */
export class BoundedEnd {
  /** False in a run without end: then nobody has to report anything here. */
  readonly isBounded: boolean;
  readonly #reports: Pick<RunReports, 'ended'>;
  /** The partitions that are not done, by id. */
  readonly #awaited = new Set<string>();

  constructor(isBounded: boolean, reports: Pick<RunReports, 'ended'>) {
    this.isBounded = isBounded;
    this.#reports = reports;
  }

  /** A partition is to be waited for; also one that had been done, after a seek. */
  awaits({ id }: { readonly id: string }): void {
    this.#awaited.add(id);
  }

  /** A partition is done. */
  reached({ id }: { readonly id: string }): void {
    this.#awaited.delete(id);
    if (this.#awaited.size === 0) this.#reports.ended();
  }
}
