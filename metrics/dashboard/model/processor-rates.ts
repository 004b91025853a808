import { CounterWindow } from './counter-window.ts';
import type { ReportedProcessor } from './page-report.ts';

/** Per second, over the last few seconds; null before it is known. */
export interface Rates {
  readonly consumed: number | null;
  readonly sent: number | null;
  readonly batches: number | null;
}

const windowMs = 5000;

/** The rates of one processor. */
export class ProcessorRates {
  static readonly none: Rates = { consumed: null, sent: null, batches: null };
  readonly #consumed = new CounterWindow(windowMs);
  readonly #sent = new CounterWindow(windowMs);
  readonly #batches = new CounterWindow(windowMs);

  add(now: number, { records, sent, batches }: ReportedProcessor): Rates {
    this.#consumed.add(now, records);
    this.#sent.add(now, sent);
    this.#batches.add(now, batches);
    return { consumed: this.#consumed.rate, sent: this.#sent.rate, batches: this.#batches.rate };
  }
}

/**
 * The rates of several processors as one. Rates are added, not counters, so that a processor that
 * comes or goes makes no peak.
 */
export function addRates(rates: readonly Rates[]): Rates {
  const sum = (value: (rates: Rates) => number | null) => {
    const known = rates.map(value).filter((rate) => rate !== null);
    return known.length === 0 ? null : known.reduce((total, rate) => total + rate, 0);
  };
  return {
    consumed: sum(({ consumed }) => consumed),
    sent: sum(({ sent }) => sent),
    batches: sum(({ batches }) => batches),
  };
}
