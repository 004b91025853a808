import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

/** So long batches wait for their acks before the workers are killed. */
const WAITED_MS = 3_500;

/**
 * Nothing that workers send arrives, while everything else does: connections are reset when a Produce
 * comes. Commits have another connection, so that one of what is not stored would be stored.
 */
function held(name: string, { kills }: { readonly kills: boolean }): Fault {
  return {
    name,
    needs: kills ? ['proxy', 'worker'] : ['proxy'],
    long: false,
    plan: (random) => ({ lastsMs: kills ? 0 : random.between(1_000, 4_000) }),
    async inject({ servers, fleet }) {
      const rule = servers.network.rule({
        api: 'Produce',
        action: 'reset',
        when: 'before',
        times: Infinity,
      });
      if (kills) {
        await sleep(WAITED_MS);
        const workers = fleet.places.map(({ worker }) => worker);
        for (const worker of workers) worker.signal('SIGKILL');
        await Promise.all(workers.map(({ ended }) => ended));
      }
      return {
        heal: () => {
          rule.cancel();
          return Promise.resolve();
        },
        mark: () => {
          const { hits } = rule;
          return Promise.resolve(hits === 0 ? undefined : `${hits} requests did not arrive`);
        },
      };
    },
    allows: [],
  };
}

export const outputsHeld = held('outputs-held', { kills: false });
export const killedWhileHeld = held('killed-while-outputs-held', { kills: true });
