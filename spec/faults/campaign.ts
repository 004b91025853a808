import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../_helpers/until.ts';
import type { FinishedRun } from './finished-run.ts';
import { invariants } from './invariant-list.ts';
import type { Cycle, PlannedFault } from './plan.ts';
import type { PlayedFault } from './played-fault.ts';
import { finishedRun } from './read-outputs.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Within this time of its healing each partition has made progress. */
const PROGRESS_MS = 15_000;
/** For what was written to be processed once nothing more is written. */
const DRAIN_MS = 60_000;
/** A short fault lasts for this long at most, also one that nobody has felt. */
const SHORT_FAULT_MS = 8_000;
const LOOK_MS = 50;

/** What became of a campaign on one workload. */
export interface CampaignResult {
  readonly workload: string;
  readonly records: number;
  /** Records a second that were written, from the first to the last. */
  readonly rate: number;
  /** Records without an output. */
  readonly lost: number;
  /** Outputs of records that had one already. */
  readonly repeated: number;
  readonly faults: readonly PlayedFault[];
  /** Invariants that were looked at, by name. */
  readonly invariants: readonly string[];
  readonly violations: readonly Violation[];
}

/** A workload at work, a cycle of faults after another, and the check of all that it has written. */
export class Campaign {
  readonly #world: World;
  readonly #progressMs: number;
  readonly #played: PlayedFault[] = [];
  readonly #violations: Violation[] = [];

  /** @param progressMs within this time of its healing each partition has made progress */
  constructor(world: World, progressMs = PROGRESS_MS) {
    this.#world = world;
    this.#progressMs = progressMs;
  }

  /**
   * Injects the faults of a cycle and heals them, waits until each partition has made progress, and
   * asks for the marks.
   */
  async play(cycle: Cycle): Promise<readonly PlayedFault[]> {
    const injected = await Promise.all(cycle.map((planned) => this.#inject(planned)));
    const healed = performance.now();
    const progressMs = await this.#untilProgress(healed);
    const played: PlayedFault[] = [];
    for (const { fault, plan, begun, mark } of injected) {
      const felt = await mark();
      if (felt === undefined) this.#violate('felt', `nothing shows that ${fault.name} was felt`);
      played.push({ fault, plan, begun, healed, progressMs, mark: felt });
    }
    this.#played.push(...played);
    return played;
  }

  /** Lets everything come to its end, and checks it. The world is over then. */
  async finish(): Promise<CampaignResult> {
    const { generator, fleet, commits, input, workload, client } = this.#world;
    await generator.stop();
    const { rate } = generator;
    // What makes no progress is not waited for again.
    const isStuck = this.#violations.some(({ invariant }) => invariant === 'progress');
    await this.#world.untilCommitted(isStuck ? 1_000 : DRAIN_MS).catch((error: unknown) => {
      this.#violate(
        'progress',
        `${String(error)}; committed are ${commits.last?.committed.join(', ') ?? 'none'} of ${input.acked.join(', ')}`,
      );
    });
    await fleet.close();
    await commits.stop();
    const run = finishedRun(this.#world, this.#played);
    const all = [...invariants, ...workload.invariants];
    for (const invariant of all) this.#violations.push(...(await invariant.check(run)));
    const { lost, repeated } = await countOutputs(run);
    await client.close();
    return {
      workload: workload.name,
      records: input.total,
      rate,
      lost,
      repeated,
      faults: this.#played,
      invariants: ['progress', 'felt', ...all.map(({ name }) => name)],
      violations: this.#violations,
    };
  }

  async #inject({ fault, plan, afterMs }: PlannedFault) {
    await sleep(afterMs);
    const begun = performance.now();
    try {
      const { heal, mark, isFelt } = await fault.inject(this.#world, plan);
      const over = performance.now() + (fault.long ? 2 * plan.lastsMs : SHORT_FAULT_MS);
      await sleep(plan.lastsMs);
      while (isFelt !== undefined && !isFelt() && performance.now() < over) await sleep(LOOK_MS);
      await heal();
      return { fault, plan, begun, mark };
    } catch (error) {
      this.#violate('felt', `${fault.name} could not be done: ${String(error)}`);
      return { fault, plan, begun, mark: () => Promise.resolve('it could not be done') };
    }
  }

  async #untilProgress(since: number): Promise<number> {
    const { fleet, inputPartitions, generator } = this.#world;
    const waiting = () => {
      if (generator.failure !== undefined) throw generator.failure;
      return inputPartitions.filter((partition) => fleet.committedAt(partition) <= since);
    };
    const began = performance.now();
    try {
      await until(() => waiting().length === 0, {
        deadlineMs: this.#progressMs,
        what: 'progress at each partition',
      });
    } catch (error) {
      const noticed = fleet.noticedSince(since).slice(-3).join('; ');
      this.#violate('progress', `partitions ${waiting().join(', ')}: ${String(error)}; ${noticed}`);
    }
    return Math.round(performance.now() - began);
  }

  #violate(invariant: string, text: string): void {
    this.#violations.push({ invariant, text });
  }
}

async function countOutputs({
  workload,
  input,
  outputs,
}: FinishedRun): Promise<{ readonly lost: number; readonly repeated: number }> {
  let [lost, repeated] = [0, 0];
  if (workload.origin === undefined) return { lost, repeated };
  for (const [partition, of] of (await outputs('output')).counts(input.acked).entries())
    for (const [n, count] of of.entries()) {
      if (count > 1) repeated += count - 1;
      if (count === 0 && workload.hasOutput?.(input.record(partition, n)) !== false) lost += 1;
    }
  return { lost, repeated };
}
