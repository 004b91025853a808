import type { Fault } from '../fault.ts';
import { workerSteps, type WorkerStep } from '../worker/worker-line.ts';

/** As long as a close may take (`closeTimeoutMs`), and somewhat more. */
const CLOSE_MS = 35_000;

/** A worker gets SIGTERM amid a batch, and must close in good order. */
export const terminate: Fault = {
  name: 'terminate',
  needs: ['worker'],
  long: false,
  plan: (random) => ({ lastsMs: 0, place: random.between(0, 99), step: random.pick(workerSteps) }),
  async inject({ fleet }, { place, step }) {
    const began = performance.now();
    const worker = await fleet.signalAt(fleet.place(Number(place)), step as WorkerStep, 'SIGTERM', CLOSE_MS);
    if (worker === undefined) throw new Error(`No worker had closed ${CLOSE_MS} ms after SIGTERM`);
    const ms = Math.round(performance.now() - began);
    return {
      heal: () => Promise.resolve(),
      mark: () =>
        Promise.resolve(
          worker.history.end === 'closed'
            ? `${worker.name} got SIGTERM at ${String(step)}, and closed within ${ms} ms`
            : undefined,
        ),
    };
  },
  allows: [],
};
