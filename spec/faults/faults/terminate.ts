import { raceDeadline } from '../race-deadline.ts';
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
  async inject(world, { place, step }) {
    const { worker } = world.fleet.place(Number(place));
    worker.signalAt(step as WorkerStep, 'SIGTERM');
    const began = performance.now();
    if (!(await raceDeadline(worker.ended, CLOSE_MS)))
      throw new Error(`${worker.name} did not close within ${CLOSE_MS} ms after SIGTERM: ${worker.why}`);
    const ms = Math.round(performance.now() - began);
    return {
      heal: () => Promise.resolve(),
      mark: () =>
        Promise.resolve(
          worker.history.end === 'closed'
            ? `${worker.name} got SIGTERM at ${String(step)}, closed in ${ms} ms`
            : undefined,
        ),
    };
  },
  allows: [],
};
