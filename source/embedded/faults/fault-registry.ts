import type { Clock } from '../../kernel/clock.ts';
import type { ApiName, RequestSummary } from '../request-summary.ts';
import { ActiveFault, type FaultKind } from './active-fault.ts';
import type { DelayFault, FailFault } from './fault.ts';
import { MadePlan, NO_FAULT, type FaultPlan } from './fault-plan.ts';
import type { RandomFaults } from './random-faults.ts';

/** The faults that are set up, and the nodes that are frozen. */
export class FaultRegistry {
  readonly #clock: Clock;
  readonly #active = new Set<ActiveFault>();
  /** Those that may hold requests, also when they have met all they were to meet. */
  readonly #late = new Set<ActiveFault>();
  readonly #random = new Set<RandomFaults>();
  readonly #frozen = new Map<number, { thawed: Promise<void>; thaw: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(what: FaultKind): ActiveFault {
    const active = new ActiveFault(what, (fault) => this.#active.delete(fault));
    this.#active.add(active);
    if (what.kind === 'late') this.#late.add(active);
    return active;
  }

  addRandom(random: RandomFaults): void {
    this.#random.add(random);
  }

  removeRandom(random: RandomFaults): void {
    this.#random.delete(random);
  }

  freeze(node: number): void {
    if (this.#frozen.has(node)) return;
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    this.#frozen.set(node, { thawed, thaw });
  }

  thaw(node: number): void {
    const frozen = this.#frozen.get(node);
    this.#frozen.delete(node);
    frozen?.thaw();
  }

  /** Undefined unless the node is frozen. */
  thawed(node: number): Promise<void> | undefined {
    return this.#frozen.get(node)?.thawed;
  }

  clear(): void {
    this.#active.clear();
    for (const late of this.#late) late.clear();
    this.#late.clear();
    for (const random of this.#random) random.clear();
    this.#random.clear();
    for (const node of [...this.#frozen.keys()]) this.thaw(node);
  }

  /**
   * What to do with a request. Each fault that meets it is hit, one of a kind; a failure only by one
   * that is given its error.
   */
  plan(api: ApiName, node: number, request: RequestSummary): FaultPlan {
    if (this.#active.size === 0 && this.#random.size === 0) return NO_FAULT;
    const plan = new MadePlan();
    for (const active of [...this.#active]) {
      if (!active.meets(api, node, request)) continue;
      if (active.what.kind === 'fail') this.#mayFail(active, active.what.fault, plan);
      else if (isFree(active.what, plan) && !active.passes()) {
        this.#apply(active, plan);
        plan.met.push(textOf(active.what));
        active.hit();
      }
    }
    for (const random of [...this.#random]) random.meet(api, plan);
    return plan;
  }

  #mayFail(active: ActiveFault, fault: FailFault, plan: MadePlan): void {
    plan.mayFail(fault, () => {
      // Another request that came meanwhile may have been the last one.
      if (!this.#active.has(active) || active.passes()) return false;
      plan.met.push(textOf(active.what));
      active.hit();
      return true;
    });
  }

  #apply(active: ActiveFault, plan: MadePlan): void {
    const { what } = active;
    if (what.kind === 'delay') plan[delayField(what.fault)] = what.fault.ms;
    else if (what.kind === 'drop') plan.drop = what.fault.when;
    else if (what.kind === 'forget') plan.forget = true;
    else if (what.kind === 'late') {
      plan.late = (serve) => {
        active.hold(serve, this.#clock, what.fault.afterMs);
      };
    }
  }
}

/** Whether the plan has none of this kind yet. */
function isFree(what: FaultKind, plan: MadePlan): boolean {
  switch (what.kind) {
    case 'fail':
      return true;
    case 'delay':
      return plan[delayField(what.fault)] === 0;
    case 'drop':
      return plan.drop === undefined;
    case 'forget':
      return !plan.forget;
    case 'late':
      return plan.late === undefined;
  }
}

function delayField({ when }: DelayFault): 'delayMs' | 'delayAnswerMs' {
  return when === 'after' ? 'delayAnswerMs' : 'delayMs';
}

function textOf(what: FaultKind): string {
  switch (what.kind) {
    case 'fail':
      return `fail with ${what.fault.code}`;
    case 'delay':
      return `delay ${what.fault.when ?? 'before'} by ${what.fault.ms} ms`;
    case 'drop':
      return `drop ${what.fault.when}`;
    case 'forget':
      return 'forget';
    case 'late':
      return 'late';
  }
}
