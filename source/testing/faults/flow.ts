import type { Socket } from 'node:net';
import { LONGEST_TIMER_MS } from '../../kernel/duration.ts';
import type { Conditions } from './conditions.ts';
import type { KafkaTraffic } from './kafka-traffic.ts';
import type { Lane, Waiting, Way } from './link.ts';

/** How a way of a connection ends: as one side ended it, broken off, or reset by the proxy. */
type End = 'end' | 'break' | 'reset';

/** What is on its way. */
interface Parcel {
  dueMs: number;
  readonly bytes?: Buffer;
  readonly end?: End;
}

/** What a {@link Flow} connects. */
export interface FlowOptions {
  readonly way: Way;
  readonly from: Socket;
  readonly to: Socket;
  readonly conditions: Conditions;
  readonly traffic: KafkaTraffic;
  /** Resets the connection on both ways. */
  readonly reset: () => void;
}

/** One way of one connection: takes what comes on one side, and gives it to the other when it is due. */
export class Flow implements Waiting {
  readonly #options: FlowOptions;
  readonly #parcels: Parcel[] = [];
  #lane: Lane;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Nothing that comes from now on passes: it has ended, or a reset is on its way. */
  #isOver = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    const { from, to, way, conditions } = options;
    this.#lane = conditions.lanes[way];
    from.on('readable', () => {
      this.#lane.wake(this);
    });
    to.on('drain', () => {
      this.#lane.wake(this);
    });
    from.on('end', () => {
      this.#finish('end');
    });
    from.on('close', (hadError) => {
      if (hadError || !from.readableEnded) this.#finish('break');
    });
  }

  /** Goes by what the conditions are now. */
  adapt(): void {
    const { way, conditions } = this.#options;
    if (this.#lane !== conditions.lanes[way]) this.#lane.leave(this);
    this.#lane = conditions.lanes[way];
    this.#deliver();
    this.#lane.wake(this);
  }

  /** What is on its way arrives now. */
  hurry(): void {
    for (const parcel of this.#parcels) parcel.dueMs = 0;
    this.#lastDueMs = 0;
  }

  move(limit: number): number {
    const { from, to, way, conditions, traffic } = this.#options;
    if (this.#isOver || conditions.held[way] || to.writableNeedDrain) return 0;
    const length = Math.min(from.readableLength, limit);
    // Also where there is nothing: only who reads is told of the end.
    const read: unknown = length > 0 ? from.read(length) : from.read();
    if (!Buffer.isBuffer(read)) return 0;
    const cut = way === 'to-client' ? conditions.cutBytes : undefined;
    for (const piece of traffic.cut(way, read.subarray(0, cut))) {
      if (piece.isReset) {
        this.#finish('reset');
        return read.length;
      }
      this.#send({ bytes: piece.bytes }, piece.delayMs);
    }
    if (cut !== undefined) {
      conditions.cutBytes = cut > read.length ? cut - read.length : undefined;
      if (cut <= read.length) this.#finish('reset');
    }
    return read.length;
  }

  /** Its connection is no more. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#lane.leave(this);
  }

  /** In its turn, after all that is on its way. */
  #finish(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#send({ end }, 0);
  }

  #send(what: Pick<Parcel, 'bytes' | 'end'>, delayMs: number): void {
    const dueMs = performance.now() + this.#lane.delayMs + delayMs;
    this.#lastDueMs = Math.max(dueMs, this.#lastDueMs);
    this.#parcels.push({ ...what, dueMs: this.#lastDueMs });
    if (this.#parcels.length === 1) this.#deliver();
  }

  #deliver(): void {
    const { way, conditions } = this.#options;
    clearTimeout(this.#timer);
    while (!conditions.held[way]) {
      const next = this.#parcels[0];
      if (next === undefined) return;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(
          () => {
            this.#deliver();
          },
          Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS),
        );
        return;
      }
      this.#parcels.shift();
      this.#hand(next);
    }
  }

  #hand({ bytes, end }: Parcel): void {
    const { to, reset } = this.#options;
    if (end === 'break') to.destroy();
    else if (!to.writable) return;
    else if (bytes !== undefined) to.write(bytes);
    else if (end === 'end') to.end();
    // What was written before it has arrived by then.
    else to.write('', reset);
  }
}
