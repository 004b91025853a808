// The campaign of faults: `npm run faults -- --seed n --minutes m`; README.md has all flags.
import { Random } from '../_helpers/schedules/random.ts';
import { Campaign, type CampaignResult } from './campaign.ts';
import { campaignTable } from './campaign-table.ts';
import { Checks } from './checks.ts';
import type { Fault } from './fault.ts';
import { faults } from './fault-list.ts';
import { diskFull, withAdmin } from './faults/cluster.ts';
import { Journal, type Round } from './journal.ts';
import { Plan, type Cycle } from './plan.ts';
import { checkMutants } from './mutants/check-mutants.ts';
import { chosenMutants } from './mutants/chosen-mutants.ts';
import { readOptions, type RunOptions } from './run-options.ts';
import type { Workload } from './workload.ts';
import { workloads } from './workload-list.ts';
import { startServers, type Servers } from './servers.ts';
import { World } from './world.ts';

/** Records a second that are written, and how many at least must be over a workload's time. */
const RATE = 1_250;
const LEAST_RATE = 1_000;
/** A workload has this long, then the next one's turn comes: what is kept of it stays small. */
const LONGEST_ROUND_MS = 5 * 60_000;
/** For the end of a workload: what is left is processed, and all is read back. */
const END_MS = 15_000;
/** Of each workload, also if the servers took long to start. */
const LEAST_CYCLES = 2;
const LEAST_FAULTS_IN_CI = 8;

async function main(options: RunOptions): Promise<number> {
  if (options.mutants !== undefined) return await checkTheChecker(options.mutants);
  const { seed, replay } = options;
  const began = performance.now();
  const journal = new Journal(options.journal);
  console.log(`seed ${seed}, journal ${journal.file}`);
  const replayed = replay === undefined ? undefined : Journal.read(replay, faults);
  const nodes = replayed?.[0]?.nodes ?? options.nodes;
  const all = replayed?.map(({ workload }) => workloadOf(workload)) ?? options.workloads;
  const servers = await startServers({
    nodes,
    redis: all.some(({ services }) => services.includes('redis')),
    elasticsearch: all.some(({ services }) => services.includes('elasticsearch')),
    hasSmallDisk: options.faults.includes(diskFull),
  });
  console.log(`servers started after ${Math.round(performance.now() - began)} ms`);
  const results: CampaignResult[] = [];
  const checks = new Checks();
  try {
    const rounds = replayed === undefined ? plannedRounds(options, began) : replayedRounds(replayed);
    for (const round of rounds) {
      journal.write({ at: 'round', workload: round.workload.name, seed: round.seed, nodes });
      const result = await playRound(options, servers, round, journal);
      results.push(result);
      report(result, checks, journal);
    }
  } finally {
    await servers.stop();
  }
  console.log(`\n${campaignTable(results)}\n`);
  const count = results.reduce((sum, each) => sum + each.faults.length, 0);
  if (options.isCi)
    checks.check(
      `at least ${LEAST_FAULTS_IN_CI} faults`,
      count < LEAST_FAULTS_IN_CI ? `there were ${count}` : undefined,
    );
  console.log(`${count} faults in ${Math.round((performance.now() - began) / 1000)} s`);
  checks.close();
  return checks.failed === 0 ? 0 : 1;
}

async function checkTheChecker(names: string): Promise<number> {
  const checks = new Checks();
  await checkMutants(chosenMutants(names), checks);
  checks.close();
  return checks.failed === 0 ? 0 : 1;
}

/** A workload's time, with its faults. */
interface PlayedRound {
  readonly workload: Workload;
  readonly seed: number;
  /** The next cycle; undefined: it is over. */
  next(canDo: (fault: Fault) => boolean): Cycle | undefined;
}

/** The workloads in turn until the time is over; the faults of a seed are always the same. */
function* plannedRounds(
  { seed, minutes, workloads: all, faults: kinds, pairing }: RunOptions,
  began: number,
): Generator<PlayedRound> {
  const random = new Random(seed);
  const plan = new Plan(random, kinds, pairing);
  const end = began + minutes * 60_000;
  const parts = Math.max(all.length, Math.ceil((minutes * 60_000) / LONGEST_ROUND_MS));
  for (let part = 0; part < parts; part++) {
    const workload = all[part % all.length];
    if (workload === undefined) return;
    const share = (end - performance.now()) / (parts - part);
    const over = performance.now() + share - END_MS;
    let cycles = 0;
    yield {
      workload,
      seed: random.between(0, 1_000_000_000),
      next: (canDo) => {
        if (cycles >= LEAST_CYCLES && performance.now() >= over) return undefined;
        // Each second time it is one of the servers that this workload has and others have not.
        const isOwn = ({ needs }: Fault) => workload.services.some((service) => needs.includes(service));
        return plan.next(canDo, cycles++ % 2 === 1 ? isOwn : undefined);
      },
    };
  }
}

function* replayedRounds(rounds: readonly Round[]): Generator<PlayedRound> {
  for (const { workload: name, seed, cycles } of rounds) {
    const left = [...cycles];
    yield { workload: workloadOf(name), seed, next: () => left.shift() };
  }
}

function workloadOf(name: string): Workload {
  const workload = workloads.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`There is no workload ${name}`);
  return workload;
}

async function playRound(
  { build, isCi }: RunOptions,
  servers: Servers,
  { workload, seed, next }: PlayedRound,
  journal: Journal,
): Promise<CampaignResult> {
  const world = await World.start({ servers, workload, seed, rate: RATE, workers: 2, hasNames: isCi, build });
  try {
    const campaign = new Campaign(world);
    for (;;) {
      const cycle = next((fault) => world.canDo(fault));
      if (cycle === undefined) break;
      journal.writeCycle(cycle);
      for (const { fault, plan, mark, progressMs } of await campaign.play(cycle)) {
        journal.write({ at: 'seen', fault: fault.name, mark, progressMs });
        console.log(
          `${workload.name}: ${fault.name} ${JSON.stringify(plan)}: ${(mark ?? 'NO MARK').slice(0, 200)}; progress after ${progressMs} ms`,
        );
      }
    }
    const result = await campaign.finish();
    // What was read back is no longer needed, and the next workload wants the room.
    await withAdmin(world, (admin) =>
      admin.deleteTopics({ topics: workload.topics.map(({ name }) => world.topic(name)) }),
    );
    return result;
  } finally {
    await world.abandon();
  }
}

/** A check for each invariant, and one for the rate. */
function report(
  { workload, rate, invariants, violations }: CampaignResult,
  checks: Checks,
  journal: Journal,
): void {
  for (const violation of violations) journal.write({ at: 'violation', ...violation });
  for (const name of new Set(invariants)) {
    const found = violations.filter(({ invariant }) => invariant === name);
    checks.check(
      `${workload}: ${name}`,
      found.length === 0
        ? undefined
        : found
            .map(({ text }) => text)
            .slice(0, 5)
            .join(' | '),
    );
  }
  checks.check(
    `${workload}: at least ${LEAST_RATE} records a second`,
    rate < LEAST_RATE ? `there were ${rate.toFixed(0)}` : undefined,
  );
}

process.exitCode = await main(readOptions(process.argv.slice(2))).catch((error: unknown) => {
  console.error(error);
  return 1;
});
