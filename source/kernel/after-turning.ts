import type { Clock, Timer } from './clock.ts';

/** What one step counts at most: a block of the event loop shows as one step that took longer. */
const STEP_MS = 250;

/**
 * Calls `fire` after `ms` milliseconds in which the event loop turned, and after what came in until
 * then: for limits on the answers of others. What keeps the event loop from turning, such as a batch
 * that computes, is not their fault; and a timer that is late fires before the sockets are read.
 */
export function afterTurning(clock: Clock, ms: number, fire: () => void): Timer {
  let timer: Timer;
  let isCancelled = false;
  const step = (leftMs: number) => {
    const stepMs = Math.min(leftMs, STEP_MS);
    timer = clock.after(stepMs, () => {
      if (leftMs > stepMs) step(leftMs - stepMs);
      else
        setImmediate(() => {
          if (!isCancelled) fire();
        });
    });
  };
  step(ms);
  return {
    cancel: () => {
      isCancelled = true;
      timer.cancel();
    },
  };
}
