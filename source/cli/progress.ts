import { Writable } from 'node:stream';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { count, perSecond } from './figures.ts';
import type { Output } from './io.ts';

/**
 * Shows how far a run with a known end is: a bar where a person watches, else a line whenever another tenth is done, which also reads well in a log.
 */
export class Progress {
  readonly #output: Output;
  readonly #clock: Clock;
  #bars: MultiBar | undefined;
  #bar: SingleBar | undefined;
  #began = 0;
  #total = 0;
  #shown = 0;

  constructor(output: Output, clock: Clock = systemClock) {
    this.#output = output;
    this.#clock = clock;
  }

  /** Begins to count up to `total` records. */
  start(total: number): void {
    this.#began = this.#clock.now();
    this.#total = total;
    if (this.#output.isTTY !== true || total === 0) return;
    this.#bars = new MultiBar(
      {
        stream: this.#output,
        format: '  {bar} {percentage}%  {done} of {all} records  {rate}',
        hideCursor: true,
        barsize: 32,
      },
      Presets.shades_classic,
    );
    this.#bar = this.#bars.create(total, 0, this.#figures(0));
  }

  /** So many records are done. */
  update(done: number): void {
    if (this.#total === 0) return;
    if (this.#bar !== undefined) this.#bar.update(done, this.#figures(done));
    else if (this.#output.isTTY !== true) this.#showTenth(done);
  }

  /** Writes whole lines without tearing the bar. */
  write(lines: string): void {
    if (this.#bars === undefined) this.#output.write(lines);
    else this.#bars.log(lines);
  }

  /** Leaves the bar as it is and goes on below it. */
  stop(): void {
    // The last lines that were logged stand above the bar.
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = undefined;
    this.#bar = undefined;
    this.#total = 0;
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

  #showTenth(done: number): void {
    const tenth = Math.min(10, Math.floor((done * 10) / this.#total));
    if (tenth <= this.#shown) return;
    this.#shown = tenth;
    const { done: doneText, all, rate } = this.#figures(done);
    this.#output.write(`${String(tenth * 10).padStart(3)}%  ${doneText} of ${all} records  ${rate}\n`);
  }

  #figures(done: number): { done: string; all: string; rate: string } {
    return {
      done: count(done),
      all: count(this.#total),
      rate: perSecond(done, this.#clock.now() - this.#began),
    };
  }
}
