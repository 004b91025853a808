import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../kernel/clock.ts';
import { type KasperError, TimeoutError } from '../../../kernel/errors.ts';
import { bytesMoved, bytesUnsent } from './socket-bytes.ts';

/** How often calls are looked at: a deadline is noticed this much later at most. */
const LOOK_EVERY_MS = 250;

/** How long a call may take, in milliseconds in which the event loop turns. */
export interface CallLimit {
  /** In all; with {@link inAllMs} since the last byte that moved on its connection. */
  readonly ms: number;
  /** For how long in all a call is waited for whose bytes move. Undefined: `ms` is absolute. */
  readonly inAllMs?: number | undefined;
  /**
   * For how long a link may take to be connected first, if it is not: what is sent must not be older.
   * Default: as long as the call may take.
   */
  readonly connectMs?: number;
}

/** A call that is watched until it has ended. */
export interface WatchedCall {
  /** Who is asked for what, for messages: `broker 127.0.0.1:9092 (Metadata)`. */
  readonly what: () => string;
  readonly limit: CallLimit;
  /** That of its connection; undefined while there is none. */
  readonly socket: () => Socket | undefined;
  /** Called once, with the limit that was passed, in milliseconds. */
  readonly passed: (ms: number) => void;
}

/**
 * Finds calls to brokers that take too long.
 *
 * What keeps the event loop from turning, such as a batch that computes, is not the broker's fault:
 * this time does not count. And a timer that is late fires before the sockets are read: an answer
 * may be there already, so before a call has failed they are read once more.
 */
export class CallWatch {
  readonly #clock: Clock;
  readonly #calls = new Map<WatchedCall, Progress>();
  #timer: Timer | undefined;
  #lookAt = 0;
  /** Time in which the event loop did not turn. */
  #lostMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches a call until {@link end}, or until its limit was passed. */
  begin(call: WatchedCall): void {
    if (this.#timer === undefined) this.#lookLater();
    const now = this.now();
    this.#calls.set(call, { beganAt: now, movedAt: now, moved: bytesMoved(call.socket()) });
  }

  end(call: WatchedCall): void {
    this.#calls.delete(call);
  }

  /**
   * Ends as `work` does, or after `ms` with an error; then nobody hears what becomes of the work.
   *
   * @param tooLate makes the error
   */
  within<T>(ms: number, tooLate: () => KasperError, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit: WatchedCall = {
        limit: { ms },
        what: () => '',
        socket: () => undefined,
        passed: () => {
          reject(tooLate());
        },
      };
      this.begin(limit);
      const end = () => {
        this.end(limit);
      };
      work.then(resolve, reject).then(end, end);
    });
  }

  /** An error of work that is given up: completed by who has been waited for longest. */
  tooLate(text: string): TimeoutError {
    const unanswered = this.#oldest();
    const waits = unanswered === '' ? '' : `; no answer yet from ${unanswered}`;
    return new TimeoutError(text + waits, { retriable: true });
  }

  /** What has been waited for longest. */
  #oldest(): string {
    for (const { what } of this.#calls.keys()) if (what() !== '') return what();
    return '';
  }

  /** Milliseconds in which the event loop turned: only differences mean something. */
  now(): number {
    const now = this.#clock.now();
    if (this.#timer !== undefined && now > this.#lookAt) {
      this.#lostMs += now - this.#lookAt;
      this.#lookAt = now;
    }
    return now - this.#lostMs;
  }

  #lookLater(): void {
    this.#lookAt = this.#clock.now() + LOOK_EVERY_MS;
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#look();
    });
  }

  #look(): void {
    const late = this.#late();
    this.#timer = undefined;
    if (this.#calls.size === 0) return;
    this.#lookLater();
    if (late.length === 0) return;
    for (const [call, ms] of late) if (mustNotLeave(call)) this.#pass(call, ms);
    // After this turn's sockets were read.
    setImmediate(() => {
      for (const [call, ms] of this.#late()) this.#pass(call, ms);
    });
  }

  /** Notes what has moved, and finds the calls whose limits were passed, and which. */
  #late(): [WatchedCall, ms: number][] {
    const now = this.now();
    const late: [WatchedCall, ms: number][] = [];
    for (const [call, progress] of this.#calls) {
      const { ms, inAllMs = ms } = call.limit;
      const moved = bytesMoved(call.socket());
      if (moved !== progress.moved) {
        progress.moved = moved;
        progress.movedAt = now;
      }
      if (now - progress.beganAt >= inAllMs) late.push([call, inAllMs]);
      else if (now - progress.movedAt >= ms) late.push([call, ms]);
    }
    return late;
  }

  #pass(call: WatchedCall, ms: number): void {
    if (this.#calls.delete(call)) call.passed(ms);
  }
}

interface Progress {
  readonly beganAt: number;
  movedAt: number;
  moved: number;
}

/**
 * A request with an absolute deadline that has not left yet: what it would do (a commit, a claim)
 * must not be done later than that.
 */
function mustNotLeave({ limit, socket }: WatchedCall): boolean {
  return limit.inAllMs === undefined && bytesUnsent(socket()) > 0;
}
