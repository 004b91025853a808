import type { Random } from '../_helpers/schedules/random.ts';
import type { Fault, FaultPlan } from './fault.ts';

/** A fault of a cycle, with its parameters. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly plan: FaultPlan;
  /** Milliseconds from the begin of the cycle. */
  readonly afterMs: number;
}

/** Faults that are at work together: one, or two. */
export type Cycle = readonly PlannedFault[];

/** Whether faults come one at a time, in pairs, or some of each. */
export type Pairing = 'single' | 'pairs' | 'mixed';

/** Of pairs the second comes at most this much later. */
const MOST_LATER_MS = 2_000;

/**
 * Deals faults as cards: each kind once, in random order, before any comes again. All choices come
 * from the one source of random numbers, so that a seed repeats them.
 */
export class Plan {
  readonly #random: Random;
  readonly #kinds: readonly Fault[];
  readonly #pairing: Pairing;
  readonly #deck: Fault[] = [];

  constructor(random: Random, kinds: readonly Fault[], pairing: Pairing) {
    this.#random = random;
    this.#kinds = kinds;
    this.#pairing = pairing;
  }

  /**
   * The next cycle, of faults that can be done here; the first of them is one that is preferred, if
   * there is any.
   *
   * @throws Error if there is none
   */
  next(canDo: (fault: Fault) => boolean, prefers: (fault: Fault) => boolean = () => true): Cycle {
    const isBoth = (fault: Fault) => canDo(fault) && prefers(fault);
    const first = this.#deal(this.#kinds.some(isBoth) ? isBoth : canDo);
    if (first === undefined) throw new Error('None of the faults that were asked for can be done here');
    const isPair = this.#pairing === 'pairs' || (this.#pairing === 'mixed' && this.#random.chance(0.5));
    const second = isPair
      ? this.#deal((fault) => canDo(fault) && !fault.needs.some((need) => first.needs.includes(need)))
      : undefined;
    return [first, second].flatMap((fault, at) =>
      fault === undefined
        ? []
        : [
            {
              fault,
              plan: fault.plan(this.#random),
              afterMs: at === 0 ? 0 : this.#random.between(0, MOST_LATER_MS),
            },
          ],
    );
  }

  /** The first card that fits; where none is left that does, all are shuffled in again. */
  #deal(fits: (fault: Fault) => boolean): Fault | undefined {
    if (!this.#deck.some(fits)) this.#deck.push(...this.#shuffled());
    const at = this.#deck.findIndex(fits);
    return at === -1 ? undefined : this.#deck.splice(at, 1)[0];
  }

  #shuffled(): Fault[] {
    const cards = [...this.#kinds];
    for (let i = cards.length - 1; i > 0; i--) {
      const j = this.#random.between(0, i);
      [cards[i], cards[j]] = [cards[j], cards[i]] as [Fault, Fault];
    }
    return cards;
  }
}
