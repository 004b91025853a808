import { BatchTimes, type StepTimes } from './batch-times.ts';
import { LagTrend } from './lag-trend.ts';
import { addRates, ProcessorRates, type Rates } from './processor-rates.ts';
import { allKey, type NamedProcessor } from './processors.ts';
import type { ReportedProcessor } from './page-report.ts';

/** The values drawn for one moment; null where they are not known. */
export interface HistoryPoint extends Rates, StepTimes {
  /** In seconds, by the page's own clock, ascending. */
  readonly at: number;
  readonly lag: number | null;
  readonly largestLag: number | null;
}

/** For how long points are kept. */
export const keptSeconds = 600;

/** What is added to a history at one moment. */
interface Moment {
  /** By the page's clock, in seconds. */
  readonly at: number;
  /** By the server's clock, in ms. */
  readonly now: number;
  readonly rates: Rates;
  readonly processors: readonly ReportedProcessor[];
}

/** The last ten minutes of one processor, or of all of them. */
class ProcessorHistory {
  readonly points: HistoryPoint[] = [];
  readonly #trend = new LagTrend();
  readonly #times = new BatchTimes();

  add({ at, now, rates, processors }: Moment): void {
    const lags = processors.flatMap(({ partitions }) => partitions.map(({ lag }) => lag));
    const lag = lags.reduce((total, each) => total + each, 0);
    const largestLag = lags.reduce((largest, each) => Math.max(largest, each), 0);
    this.#trend.add(now, lag);
    this.#push({ at, ...rates, lag, largestLag, ...this.#times.add(processors) });
  }

  /**
   * A moment without values: nothing is drawn across it, and what follows is not compared with what
   * came before.
   */
  after(at: number): ProcessorHistory {
    const next = new ProcessorHistory();
    next.points.push(...this.points);
    next.#push({ at, ...ProcessorRates.none, lag: null, largestLag: null, ...BatchTimes.none });
    return next;
  }

  get lagChange(): number | null {
    return this.#trend.perSecond;
  }

  #push(point: HistoryPoint): void {
    this.points.push(point);
    while ((this.points[0]?.at ?? point.at) < point.at - keptSeconds) this.points.shift();
  }
}

/** The history of each processor, and of all together, over the last ten minutes. */
export class StatsHistory {
  readonly #histories = new Map<string, ProcessorHistory>();
  #rates = new Map<string, ProcessorRates>();
  #last = -Infinity;

  /**
   * @param at the page's clock in seconds; a moment that is not after the last one is moved just
   * after it
   * @param now the server's clock in ms, by which rates are computed: answers may be late
   */
  add(at: number, now: number, processors: readonly NamedProcessor[]): void {
    const moment = this.#next(at);
    const rates = processors.map(({ key, stats }) => {
      const known = this.#rates.get(key) ?? new ProcessorRates();
      this.#rates.set(key, known);
      const current = known.add(now, stats);
      this.#of(key).add({ at: moment, now, rates: current, processors: [stats] });
      return current;
    });
    const all = processors.map(({ stats }) => stats);
    this.#of(allKey).add({ at: moment, now, rates: addRates(rates), processors: all });
  }

  /** The process was restarted: rates start again; what is drawn stays, with a gap after it. */
  cut(at: number): void {
    const moment = this.#next(at);
    this.#rates = new Map();
    for (const [key, history] of this.#histories) this.#histories.set(key, history.after(moment));
  }

  points(key: string): readonly HistoryPoint[] {
    return this.#histories.get(key)?.points ?? [];
  }

  /** By how many records per second the lag changes; null while that is not known. */
  lagChange(key: string): number | null {
    return this.#histories.get(key)?.lagChange ?? null;
  }

  #next(at: number): number {
    this.#last = Math.max(at, this.#last + 0.001);
    return this.#last;
  }

  #of(key: string): ProcessorHistory {
    const history = this.#histories.get(key) ?? new ProcessorHistory();
    this.#histories.set(key, history);
    return history;
  }
}
