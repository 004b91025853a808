import { until } from '../../_helpers/until.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import type { WorkerProcess } from '../worker/worker-process.ts';

/** For how long each worker was told to do nothing, all times together: it does so one after another. */
const toldMs = new WeakMap<WorkerProcess, number>();

const block = (name: string, long: boolean, from: number, to: number): Fault => ({
  name,
  needs: ['worker', 'lasting-worker'],
  long,
  plan: (random) => ({ lastsMs: 0, place: random.between(0, 99), ms: random.between(from, to) }),
  async inject(world: World, { place, ms }) {
    const { worker } = world.fleet.place(Number(place));
    const began = performance.now();
    worker.tell({ do: 'block', ms: Number(ms) });
    const told = (toldMs.get(worker) ?? 0) + Number(ms);
    toldMs.set(worker, told);
    return {
      heal: async () => {
        await until(() => !worker.isRunning || worker.history.blockedMs >= told, {
          deadlineMs: Number(ms) + 15_000,
          what: `${worker.name} to go on after ${String(ms)} ms`,
        });
      },
      mark: () => {
        const { history } = worker;
        const gap = Math.round(performance.now() - began);
        if (history.blockedMs < told) return Promise.resolve(undefined);
        const noticed =
          history.noticed.find(({ at }) => at >= began)?.text ?? 'no request of its own came too late';
        return Promise.resolve(`${worker.name} did nothing for ${String(ms)} of ${gap} ms: ${noticed}`);
      },
    };
  },
  allows: [],
});

/** The event loop of a worker is blocked for a time that its claims survive. */
export const blockShort = block('block', false, 3_000, 6_000);

/** The event loop of a worker is blocked for 40 s: longer than `claimTimeoutMs`. */
export const blockLong = block('block-40s', true, 40_000, 40_000);
