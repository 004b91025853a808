import type { Fault } from '../fault.ts';

/** The user's function never returns for one batch: the job's `processTimeoutMs` ends the worker. */
export const hang: Fault = {
  name: 'hang',
  needs: ['worker'],
  long: true,
  plan: (random) => ({ lastsMs: 500, place: random.between(0, 99) }),
  async inject(world, { place }) {
    const { worker } = world.fleet.place(Number(place));
    worker.tell({ do: 'hang' });
    return {
      heal: () => Promise.resolve(),
      mark: () => {
        const { end, failure } = worker.history;
        const isOver = end === 'failed' && failure?.includes('processTimeoutMs') === true;
        return Promise.resolve(isOver ? `${worker.name} failed: its time was over` : undefined);
      },
    };
  },
  allows: [],
};
