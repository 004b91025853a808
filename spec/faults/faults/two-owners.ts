import { raceDeadline } from '../race-deadline.ts';
import type { Fault } from '../fault.ts';

const TAKEN_OVER_MS = 40_000;
/** A worker that goes on finds the claims of the other one when it next looks at them. */
const FENCED_MS = 20_000;

/**
 * A worker is stopped (SIGSTOP) until another one has taken its partitions over, and then goes on
 * (SIGCONT): it must notice, and fail.
 */
export const twoOwners: Fault = {
  name: 'two-owners',
  needs: ['worker', 'lasting-worker'],
  long: false,
  plan: (random) => ({ lastsMs: random.between(0, 1_000), place: random.between(0, 99) }),
  async inject(world, { place: number }) {
    const place = world.fleet.place(Number(number));
    const former = place.worker;
    former.signal('SIGSTOP');
    const worker = world.fleet.startSecond(place);
    try {
      await worker.untilStarted(TAKEN_OVER_MS);
    } catch (error) {
      former.signal('SIGKILL');
      throw error;
    }
    return {
      heal: async () => {
        former.signal('SIGCONT');
        if (await raceDeadline(former.ended, FENCED_MS)) return;
        former.signal('SIGKILL');
        throw new Error(`${former.name} went on for ${FENCED_MS} ms although ${worker.name} had taken over`);
      },
      mark: () => {
        const { end, failure = '' } = former.history;
        if (end !== 'failed') return Promise.resolve(undefined);
        // Another fault at the same time may end it before it looks at its claims.
        const why = failure.includes('FencedError') ? 'was fenced' : `failed (${failure.slice(0, 80)})`;
        return Promise.resolve(`${former.name} ${why} after ${worker.name} had taken over`);
      },
    };
  },
  allows: ['two-owners'],
};
