import type { FaultPlan, InjectedFault } from '../fault.ts';
import type { World } from '../world.ts';

/** What workers have noticed since the fault was injected, the first three; undefined: nothing. */
export function noticed(world: World, since: number, pattern = /./): string | undefined {
  const all = world.fleet.noticedSince(since).filter((text) => pattern.test(text));
  return all.length === 0 ? undefined : `${all.length} notices: ${all.slice(0, 3).join('; ')}`;
}

/**
 * A fault that is felt as connections that are made again, or as what workers notice.
 *
 * @param accepted how many connections were made so far
 */
export function feltByConnections(
  world: World,
  { accepted, heal }: { readonly accepted: () => number; readonly heal: () => void | Promise<void> },
): InjectedFault {
  const since = performance.now();
  const before = accepted();
  return {
    heal: async () => {
      await heal();
    },
    isFelt: () => accepted() > before || noticed(world, since) !== undefined,
    mark: () => {
      const again = accepted() - before;
      const seen = noticed(world, since);
      if (again === 0 && seen === undefined) return Promise.resolve(undefined);
      return Promise.resolve(`${again} connections made again, ${seen ?? 'nothing noticed'}`);
    },
  };
}

/** A number of a plan. */
export function numberOf(plan: FaultPlan, parameter: string): number {
  const value = plan[parameter];
  if (typeof value !== 'number') throw new Error(`${parameter} must be a number in ${JSON.stringify(plan)}`);
  return value;
}
