import { until } from '../../_helpers/until.ts';
import type { Fault } from '../fault.ts';
import { workerSteps, type WorkerStep } from '../worker/worker-line.ts';

/** A worker kills itself (SIGKILL) at a step of a batch. */
export const kill: Fault = {
  name: 'kill',
  needs: ['worker'],
  long: false,
  plan: (random) => ({
    lastsMs: 0,
    place: random.between(0, 1),
    step: random.pick(workerSteps),
  }),
  async inject(world, { place, step }) {
    const at = world.fleet.places[Number(place) % world.fleet.places.length];
    if (at === undefined) throw new Error('There are no workers');
    const { worker } = at;
    worker.tell({ do: 'kill-at', step: step as WorkerStep });
    await until(() => !worker.isRunning, {
      deadlineMs: 8_000,
      what: `${worker.name} to be killed at ${String(step)}`,
    });
    return {
      heal: () => Promise.resolve(),
      mark: () =>
        Promise.resolve(
          worker.history.end === 'killed'
            ? `${worker.name} killed at ${String(step)}, ${worker.history.open.length} batches open`
            : undefined,
        ),
    };
  },
  allows: [],
};
