import type { Clock } from '../../kernel/clock.ts';
import type { ApiName } from '../request-summary.ts';
import type { MadePlan } from './fault-plan.ts';
import { LateRequests } from './late-requests.ts';

/** What a random schedule may do to a request. */
export const randomFaultKinds = [
  'fail',
  'delay',
  'delay-answer',
  'drop-before',
  'drop-after',
  'mid-response',
  'late',
] as const;

/** What a random schedule may do to a request. */
export type RandomFaultKind = (typeof randomFaultKinds)[number];

/** A random schedule of faults. */
export interface RandomFaultsOptions {
  /**
   * A whole number from 0 to 4,294,967,295: the same one gives the same faults to the same request
   * of each API, counted from now on. Default: a random one, which is logged.
   */
  readonly seed?: number;
  /** The share of requests that it meets, above 0, up to 1. Default 0.05. */
  readonly rate?: number;
  /** Default: all. */
  readonly apis?: readonly ApiName[];
  /**
   * Default: all. `fail` answers with a code after which clients try again, and meets only APIs that
   * have one.
   */
  readonly kinds?: readonly RandomFaultKind[];
  /** The longest delay, and how late a request may be, in milliseconds. Default 200. */
  readonly maxDelayMs?: number;
  /** How many requests it meets before it is over. Default: until it is cancelled. */
  readonly times?: number;
}

/** A random schedule that was set up. */
export interface RandomFaultsHandle {
  /** Gives the same faults again. */
  readonly seed: number;
  /** Requests it has met so far. */
  readonly hits: number;
  /** It meets no more requests; those that are late are still served. */
  cancel(): void;
}

/** A schedule with all that was left to it. */
export type RandomSchedule = Required<Omit<RandomFaultsOptions, 'apis'>> & Pick<RandomFaultsOptions, 'apis'>;

/** What happens to one request of an API. */
export interface RandomFault {
  readonly kind: RandomFaultKind;
  /** Of a delay, or of a late request. */
  readonly ms: number;
  /** Of `fail`. */
  readonly code: number;
}

/** After these a client asks again: the leader or the coordinator moved, or is busy. */
const retriable: Partial<Record<ApiName, readonly number[]>> = {
  Produce: [6, 7, 19],
  Fetch: [6, 56],
  ListOffsets: [6, 78],
  Metadata: [5],
  OffsetCommit: [14, 15, 16],
  OffsetFetch: [14, 16],
  FindCoordinator: [15],
  JoinGroup: [14, 15, 16],
  Heartbeat: [15, 16],
  SyncGroup: [14, 15, 16],
  InitProducerId: [14, 15],
  AddPartitionsToTxn: [14, 15, 16, 51],
  AddOffsetsToTxn: [14, 15, 16, 51],
  EndTxn: [14, 15, 16],
  TxnOffsetCommit: [14, 15, 16],
  OffsetForLeaderEpoch: [6],
};

/**
 * Decides for the n-th request of each API by the seed alone, so that a run can be repeated however
 * requests of other APIs come between.
 */
export class RandomFaults implements RandomFaultsHandle {
  readonly #schedule: RandomSchedule;
  readonly #clock: Clock;
  readonly #late = new LateRequests();
  readonly #remove: (random: RandomFaults) => void;
  readonly #counts = new Map<ApiName, number>();
  #hits = 0;

  constructor(schedule: RandomSchedule, clock: Clock, remove: (random: RandomFaults) => void) {
    this.#schedule = schedule;
    this.#clock = clock;
    this.#remove = remove;
  }

  get seed(): number {
    return this.#schedule.seed;
  }

  get hits(): number {
    return this.#hits;
  }

  /** Counts a request, and adds to its plan what the schedule has for it. */
  meet(api: ApiName, plan: MadePlan): void {
    const count = (this.#counts.get(api) ?? 0) + 1;
    this.#counts.set(api, count);
    const fault = randomFault(this.#schedule, api, count);
    if (fault === undefined) return;
    plan.met.push(this.#apply(fault, api, plan));
    if (++this.#hits >= this.#schedule.times) this.#remove(this);
  }

  cancel(): void {
    this.#remove(this);
  }

  /** Requests that are late are lost. */
  clear(): void {
    this.#late.clear();
  }

  #apply({ kind, ms, code }: RandomFault, api: ApiName, plan: MadePlan): string {
    switch (kind) {
      case 'fail':
        plan.mayFail({ api, code }, () => true);
        return `random: fail with ${code}`;
      case 'delay':
        plan.delayMs = Math.max(plan.delayMs, ms);
        return `random: delay before by ${ms} ms`;
      case 'delay-answer':
        plan.delayAnswerMs = Math.max(plan.delayAnswerMs, ms);
        return `random: delay after by ${ms} ms`;
      case 'drop-before':
        plan.drop ??= 'before';
        return 'random: drop before';
      case 'drop-after':
        plan.drop ??= 'after';
        return 'random: drop after';
      case 'mid-response':
        plan.drop ??= 'mid-response';
        return 'random: drop mid-response';
      case 'late':
        plan.late ??= (serve) => {
          this.#late.holdFor(ms, this.#clock, serve);
        };
        return `random: late by ${ms} ms`;
    }
  }
}

/** What a schedule has for the n-th request of an API, from 1; undefined: nothing. */
export function randomFault(
  { seed, rate, apis, kinds, maxDelayMs }: RandomSchedule,
  api: ApiName,
  count: number,
): RandomFault | undefined {
  if (apis !== undefined && !apis.includes(api)) return undefined;
  const random = numbersOf(seed, api, count);
  if (random() >= rate) return undefined;
  const codes = retriable[api] ?? [];
  const possible = codes.length === 0 ? kinds.filter((kind) => kind !== 'fail') : kinds;
  const kind = possible[Math.floor(random() * possible.length)];
  if (kind === undefined) return undefined;
  const ms = 1 + Math.floor(random() * maxDelayMs);
  return { kind, ms, code: codes[Math.floor(random() * codes.length)] ?? 0 };
}

/** Numbers from 0 to below 1 that are the same for the same arguments (mulberry32). */
function numbersOf(seed: number, api: ApiName, count: number): () => number {
  let state = (seed ^ Math.imul(count, 0x9e37_79b1)) >>> 0;
  for (let i = 0; i < api.length; i++) state = (Math.imul(state, 31) + api.charCodeAt(i)) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
