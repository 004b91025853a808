// Loaded before everything else in a worker (node --import), so that all that asks for the date finds
// one that can be moved.
const RealDate = Date;
let shiftMs = 0;

/** Moves the clock to this many milliseconds after the machine's; less than 0: before it. */
export function shiftClock(ms: number): void {
  shiftMs = ms;
}

class ShiftedDate extends RealDate {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...(args as [number]));
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
