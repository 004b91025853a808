import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../_helpers/schedules/random.ts';
import { Campaign, type CampaignResult } from '../campaign.ts';
import { faults, mutantFaults } from '../fault-list.ts';
import type { Fault } from '../fault.ts';
import { mutantWorkloads, workloads } from '../workload-list.ts';
import type { Workload } from '../workload.ts';
import type { Servers } from '../servers.ts';
import { World } from '../world.ts';

/** As in the campaign, unless the records are large. */
const RATE = 1_250;
/** More than in a campaign: here it is not looked at how fast all is well again. */
const PROGRESS_MS = 30_000;
/** Before the first fault, and after the last. */
const STEADY_MS = 2_000;

/** A short campaign. */
export interface CampaignRun {
  readonly servers: Servers;
  readonly workload: string;
  /** In turn; none: nothing is faulty. */
  readonly faults: readonly string[];
  readonly seed: number;
  /** Records a second. */
  readonly rate: number | undefined;
  /** The folder of the build that its workers run. */
  readonly build: string;
}

/** Plays a short campaign. @throws Error for a workload or a fault that there is not */
export async function playCampaign(run: CampaignRun): Promise<CampaignResult> {
  const { servers, seed, build } = run;
  const random = new Random(seed);
  const workload = workloadNamed(run.workload);
  const world = await World.start({
    servers,
    workload,
    seed,
    rate: run.rate ?? RATE,
    workers: 2,
    hasNames: true,
    build,
  });
  try {
    const campaign = new Campaign(world, PROGRESS_MS);
    await sleep(STEADY_MS);
    for (const name of run.faults) {
      const fault = faultNamed(name);
      await campaign.play([{ fault, plan: fault.plan(random), afterMs: 0 }]);
    }
    await sleep(run.faults.length === 0 ? STEADY_MS : 0);
    return await campaign.finish();
  } finally {
    await world.abandon();
  }
}

/** @throws Error if there is none */
export function faultNamed(name: string): Fault {
  return named('fault', [...faults, ...mutantFaults], name);
}

/** @throws Error if there is none */
export function workloadNamed(name: string): Workload {
  return named('workload', [...workloads, ...mutantWorkloads], name);
}

export function named<T extends { readonly name: string }>(what: string, all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`There is no ${what} ${name}; there are ${all.map((each) => each.name).join(', ')}`);
  return found;
}
