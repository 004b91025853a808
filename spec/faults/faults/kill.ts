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
  async inject({ fleet }, { place: number, step }) {
    const place = fleet.place(Number(number));
    const atStep = await fleet.signalAt(place, step as WorkerStep, 'SIGKILL', STEP_MS);
    const worker = atStep ?? place.worker;
    if (atStep === undefined) {
      worker.signal('SIGKILL');
      await worker.ended;
    }
    const { end, open } = worker.history;
    const where = atStep === undefined ? 'where it was' : `at ${String(step)}`;
    return {
      heal: () => Promise.resolve(),
      mark: () =>
        Promise.resolve(
          end === 'killed' ? `${worker.name} killed ${where}, ${open.length} batches open` : undefined,
        ),
    };
  },
  allows: [],
};
