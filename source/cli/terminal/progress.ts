import { Writable } from 'node:stream';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { systemClock, type Clock } from '../../kernel/clock.ts';
import { count, counted, perSecond, timeLeft } from './figures.ts';
import type { Output } from './io.ts';
import { RecentRate } from './recent-rate.ts';

/** How far a run is. */
export interface ProgressFigures {
  /** Processed and committed. */
  readonly records: number;
  /** Records between what is committed and the ends of the topics. */
  readonly lag: number;
}

/** How often a line is written where there is no bar. A bounded run also has one for each tenth. */
const LINE_EVERY_MS = { bounded: 30_000, unbounded: 5000 } as const;
/** The text beside the bar needs this many columns; on a narrow terminal it is shorter. */
const BESIDE_THE_BAR = { wide: 68, narrow: 50 } as const;
/** From this width on there is room for words. */
const WIDE = 80;

/**
 * Shows the progress of a run. On a terminal it is a bar, or a line that is rewritten for a run
 * without end; elsewhere it is lines, which are readable in a log too, or JSON.
 */
export class Progress {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #json: boolean;
  #rate: RecentRate;
  #bars: MultiBar | undefined;
  #bar: SingleBar | undefined;
  #isShown = false;
  #isEnding = false;
  /** undefined: without end. */
  #total: number | undefined;
  #tenth = 0;
  #nextLine = 0;

  /** @param options.json lines of JSON, also on a terminal */
  constructor(
    output: Output,
    clock: Clock = systemClock,
    { json = false }: { readonly json?: boolean } = {},
  ) {
    this.#output = output;
    this.#clock = clock;
    this.#json = json;
    this.#rate = new RecentRate(clock);
  }

  /** Starts to show progress, up to `total` records, or without end; some may be done already. */
  start(total: number | undefined, done = 0): void {
    this.#isShown = total !== 0;
    this.#total = total;
    this.#rate = new RecentRate(this.#clock);
    this.#rate.add(done);
    this.#nextLine = this.#clock.now() + this.#lineEveryMs;
    if (!this.#isShown || this.#json || this.#output.isTTY !== true) return;
    const { columns = WIDE } = this.#output;
    const beside = columns < WIDE ? BESIDE_THE_BAR.narrow : BESIDE_THE_BAR.wide;
    this.#bars = new MultiBar(
      {
        stream: this.#output,
        format: total === undefined ? '  {text}' : '  {bar} {percentage}%  {text}',
        hideCursor: true,
        // What is logged may be longer than a line: it must not be cut. The bar is, at the
        // terminal's width.
        linewrap: true,
        barsize: Math.min(40, Math.max(8, columns - beside)),
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    this.#bar = this.#bars.create(total ?? 1, Math.min(done, total ?? 0), {
      text: this.#text({ records: done, lag: (total ?? done) - done }),
    });
  }

  /** Shows the figures of now. */
  update(figures: ProgressFigures): void {
    if (!this.#isShown) return;
    this.#rate.add(figures.records);
    if (this.#bar === undefined) this.#showLine(figures);
    else
      this.#bar.update(Math.min(figures.records, this.#total ?? 0), {
        text: this.#text(figures),
      });
  }

  /** Writes whole lines without tearing the bar. */
  write(lines: string): void {
    if (this.#bars === undefined) this.#output.write(lines);
    else this.#bars.log(lines);
  }

  /** What is left will not be done: from now on no time is shown for it. */
  end(): void {
    this.#isEnding = true;
  }

  /** Leaves the bar as it is; what is written next is below it. */
  stop(): void {
    // Writes the last logged lines above the bar.
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = undefined;
    this.#bar = undefined;
    this.#isShown = false;
  }

  /** A stream for log lines that share the terminal with the bar. */
  stream(): NodeJS.WritableStream {
    return new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        this.write(String(chunk));
        done();
      },
    });
  }

  get #lineEveryMs(): number {
    return this.#total === undefined ? LINE_EVERY_MS.unbounded : LINE_EVERY_MS.bounded;
  }

  #showLine(figures: ProgressFigures): void {
    const total = this.#total;
    const tenth = total === undefined ? 0 : Math.min(10, Math.floor((figures.records * 10) / total));
    const isDue = tenth > this.#tenth || this.#clock.now() >= this.#nextLine;
    if (!isDue) return;
    this.#tenth = tenth;
    this.#nextLine = this.#clock.now() + this.#lineEveryMs;
    if (this.#json) {
      const { records, lag } = figures;
      const rate = this.#rate.perSecond;
      const document = {
        records,
        total: total ?? null,
        lag,
        recordsPerSecond: rate === undefined ? null : Math.round(rate),
        msLeft: this.#msLeft(figures) ?? null,
      };
      this.#output.write(`${JSON.stringify({ progress: document })}\n`);
    } else this.#output.write(`${this.#percentage(figures)}${this.#text(figures)}\n`);
  }

  #percentage({ records }: ProgressFigures): string {
    const total = this.#total;
    if (total === undefined) return '';
    return `${String(Math.min(100, Math.floor((records * 100) / total))).padStart(3)}%  `;
  }

  /** `900 of 2,000 records  225/s  5 s left`, `900 records  225/s  1,100 behind` */
  #text(figures: ProgressFigures): string {
    const { records, lag } = figures;
    const recent = this.#rate.perSecond;
    const rate = recent === undefined ? [] : [perSecond(recent, 1000)];
    const total = this.#total;
    if (total === undefined) return [counted(records, 'record'), ...rate, `${count(lag)} behind`].join('  ');
    const left = this.#msLeft(figures);
    const isNarrow = this.#bar !== undefined && (this.#output.columns ?? WIDE) < WIDE;
    const done = isNarrow
      ? `${count(records)}/${count(total)}`
      : `${count(records)} of ${counted(total, 'record')}`;
    const parts = [done, ...rate];
    if (left !== undefined && records < total) parts.push(`${timeLeft(left)} left`);
    // Records that were written since the start are not read by this run, but are lag.
    if (lag > total - records) parts.push(`${count(lag)} behind`);
    return parts.join('  ');
  }

  #msLeft({ records }: ProgressFigures): number | undefined {
    if (this.#total === undefined) return undefined;
    const left = Math.max(0, this.#total - records);
    if (left === 0) return 0;
    if (this.#isEnding) return undefined;
    const rate = this.#rate.perSecond;
    return rate === undefined || rate <= 0 ? undefined : Math.round((left * 1000) / rate);
  }
}
