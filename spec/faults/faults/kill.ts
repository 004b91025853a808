import { raceDeadline } from '../race-deadline.ts';
import type { Fault } from '../fault.ts';
import { workerSteps, type WorkerStep } from '../worker/worker-line.ts';

/** Steps that are not reached while another fault is at work: then it is killed where it is. */
const STEP_MS = 4_000;

/** A worker is killed (SIGKILL) at a step of a batch. */
export const kill: Fault = {
  name: 'kill',
  needs: ['worker'],
  long: false,
  plan: (random) => ({ lastsMs: 0, place: random.between(0, 99), step: random.pick(workerSteps) }),
  async inject(world, { place, step }) {
    const { worker } = world.fleet.place(Number(place));
    worker.signalAt(step as WorkerStep, 'SIGKILL');
    const isInTime = await raceDeadline(worker.ended, STEP_MS);
    if (!isInTime) {
      worker.signal('SIGKILL');
      await worker.ended;
    }
    return {
      heal: () => Promise.resolve(),
      mark: () =>
        Promise.resolve(
          worker.history.end === 'killed'
            ? `${worker.name} killed ${isInTime ? `at ${String(step)}` : 'where it was'}, ${worker.history.open.length} batches open`
            : undefined,
        ),
    };
  },
  allows: [],
};
