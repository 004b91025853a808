import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import type { Checks } from '../checks.ts';
import type { Violation } from '../violation.ts';
import { startServers, type Servers } from '../servers.ts';
import { buildMutant } from './build-mutant.ts';
import { faultNamed, playCampaign, workloadNamed } from './campaign-run.ts';
import type { Circumstances, Mutant } from './mutant.ts';
import type { PlayedSchedules } from './play-schedules.ts';

const dist = join(repositoryRoot, 'dist');
/** Schedules that are played without faults: those with faults are more. */
const FAULTLESS = 20;

/**
 * Checks that each mutant is found: it passes without faults, the invariant that is named for it is
 * violated under its circumstances, and the package itself passes these.
 */
export async function checkMutants(mutants: readonly Mutant[], checks: Checks): Promise<void> {
  for (const nodes of [1, 3] as const) {
    const all = mutants.filter((mutant) => nodesFor(mutant) === nodes);
    const campaigns = all.map(({ found }) => found.under).filter((each) => each.by === 'campaign');
    const servers = campaigns.length === 0 ? undefined : await serversFor(campaigns, nodes);
    try {
      for (const mutant of all) {
        const began = performance.now();
        const problem = await problemOf(mutant, servers);
        const seconds = ((performance.now() - began) / 1000).toFixed(0);
        checks.check(`mutant ${mutant.name} is found by ${mutant.found.invariant} (${seconds} s)`, problem);
      }
    } finally {
      await servers?.stop();
    }
  }
}

async function problemOf(mutant: Mutant, servers: Servers | undefined): Promise<string | undefined> {
  const { invariant, under } = mutant.found;
  const build = buildMutant(mutant);
  const calm = await violationsOf(under, { servers, build, isFaulty: false });
  if (calm.length > 0) return `it is found without a fault: ${texts(calm)}`;
  const violations = await violationsOf(under, { servers, build, isFaulty: true });
  if (!violations.some((each) => each.invariant === invariant))
    return `it is not found; seen was ${violations.length === 0 ? 'nothing' : texts(violations)}`;
  console.log(`# ${mutant.name}: ${texts(violations)}`);
  const without = await violationsOf(under, { servers, build: dist, isFaulty: true });
  if (without.length > 0) return `the package itself does not pass: ${texts(without)}`;
  return undefined;
}

function texts(violations: readonly Violation[]): string {
  return violations.map(({ invariant, text }) => `${invariant} (${text.slice(0, 200)})`).join(', ');
}

interface Playing {
  readonly servers: Servers | undefined;
  readonly build: string;
  readonly isFaulty: boolean;
}

async function violationsOf(
  under: Circumstances,
  { servers, build, isFaulty }: Playing,
): Promise<readonly Violation[]> {
  const { seed } = under;
  if (under.by !== 'campaign') {
    const count = isFaulty ? under.schedules : Math.min(FAULTLESS, under.schedules);
    const { violations } = await playSchedules(build, [
      under.by,
      String(seed),
      String(count),
      ...(isFaulty ? [] : ['faultless']),
    ]);
    return violations;
  }
  if (servers === undefined) throw new Error('A campaign needs servers');
  const { workload, rate } = under;
  const result = await playCampaign({
    servers,
    workload,
    rate,
    seed,
    build,
    faults: isFaulty ? under.faults : [],
  });
  return result.violations;
}

async function playSchedules(build: string, args: readonly string[]): Promise<PlayedSchedules> {
  const program = join(build, 'spec/faults/mutants/play-schedules.js');
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return JSON.parse(stdout) as PlayedSchedules;
}

/** How many brokers it is looked for on. */
function nodesFor({ found: { under } }: Mutant): 1 | 3 {
  if (under.by !== 'campaign') return 1;
  return under.faults.some((fault) => faultNamed(fault).needs.includes('three-nodes')) ? 3 : 1;
}

/** Servers for all of these, started together. */
function serversFor(
  campaigns: readonly (Circumstances & { readonly by: 'campaign' })[],
  nodes: 1 | 3,
): Promise<Servers> {
  const services = campaigns.flatMap(({ workload }) => workloadNamed(workload).services);
  return startServers({
    nodes,
    redis: services.includes('redis'),
    elasticsearch: services.includes('elasticsearch'),
    hasSmallDisk: false,
  });
}
