import type { Violation } from '../violation.ts';

/** Cases of one kind that break an invariant: the first one, and how many there are. */
export class Cases {
  readonly #invariant: string;
  readonly #what: string;
  #first = '';
  #count = 0;

  /** @param what of many, such as `sums are wrong` */
  constructor(invariant: string, what: string) {
    this.#invariant = invariant;
    this.#what = what;
  }

  add(first: () => string): void {
    if (this.#count++ === 0) this.#first = first();
  }

  /** One violation, or none. */
  get violations(): readonly Violation[] {
    if (this.#count === 0) return [];
    return [{ invariant: this.#invariant, text: `${this.#count} ${this.#what}; the first: ${this.#first}` }];
  }
}
