import { until } from '../../_helpers/until.ts';
import type { Fault } from '../fault.ts';

const HOUR_MS = 3_600_000;
const FELT_MS = 60_000;

/** The clock of a worker jumps by an hour, forwards or back, and later jumps back. */
export const clock: Fault = {
  name: 'clock',
  needs: ['worker', 'lasting-worker'],
  long: false,
  plan: (random) => ({
    lastsMs: random.between(1_500, 4_000),
    place: random.between(0, 99),
    ms: random.chance(0.5) ? HOUR_MS : -HOUR_MS,
  }),
  async inject(world, { place, ms }) {
    const { worker } = world.fleet.place(Number(place));
    const offBy = () => (worker.history.lastState?.now ?? Date.now()) - Date.now();
    worker.tell({ do: 'shift-clock', ms: Number(ms) });
    await until(() => !worker.isRunning || Math.abs(offBy() - Number(ms)) < FELT_MS, {
      deadlineMs: 15_000,
      what: `the clock of ${worker.name} to jump`,
    });
    const jumped = Math.round(offBy() / 60_000);
    return {
      heal: async () => {
        worker.tell({ do: 'shift-clock', ms: 0 });
        await until(() => !worker.isRunning || Math.abs(offBy()) < FELT_MS, {
          deadlineMs: 15_000,
          what: `the clock of ${worker.name} to jump back`,
        });
      },
      mark: () =>
        Promise.resolve(
          Math.abs(jumped) > 1 && worker.history.end === undefined
            ? `${worker.name} worked on with a clock that was off by ${jumped} min`
            : undefined,
        ),
    };
  },
  allows: [],
};
