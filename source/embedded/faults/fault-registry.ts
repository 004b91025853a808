import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { ApiName, RequestSummary } from '../request-summary.ts';
import type { DelayFault, DropFault, FailFault, FaultHandle } from './fault.ts';

/** What the faults want done with one request. */
export interface FaultPlan {
  readonly delayMs: number;
  readonly drop: DropFault['when'] | undefined;
  errorFor(topic?: string, partition?: number): number;
}

const NO_FAULT: FaultPlan = { delayMs: 0, drop: undefined, errorFor: () => ErrorCodes.NONE };

/** A fault, by what it does. */
export type FaultKind =
  | { readonly kind: 'fail'; readonly fault: FailFault }
  | { readonly kind: 'delay'; readonly fault: DelayFault }
  | { readonly kind: 'drop'; readonly fault: DropFault };

class ActiveFault implements FaultHandle {
  readonly what: FaultKind;
  readonly done: Promise<void>;
  readonly #times: number;
  readonly #finish: () => void;
  readonly #remove: (fault: ActiveFault) => void;
  #hits = 0;

  constructor(what: FaultKind, remove: (fault: ActiveFault) => void) {
    this.what = what;
    this.#times = what.fault.times ?? 1;
    this.#remove = remove;
    let finish = (): void => undefined;
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  get hits(): number {
    return this.#hits;
  }

  meets(api: ApiName, node: number, request: RequestSummary): boolean {
    const { fault } = this.what;
    return (
      fault.api === api &&
      (fault.node === undefined || fault.node === node) &&
      (fault.matching === undefined || fault.matching(request))
    );
  }

  hit(): void {
    this.#hits++;
    if (this.#hits < this.#times) return;
    this.#remove(this);
    this.#finish();
  }

  cancel(): void {
    this.#remove(this);
  }
}

/** The faults that are set up, and the nodes that are frozen. */
export class FaultRegistry {
  readonly #active = new Set<ActiveFault>();
  readonly #frozen = new Map<number, { thawed: Promise<void>; thaw: () => void }>();

  add(what: FaultKind): FaultHandle {
    const active = new ActiveFault(what, (fault) => this.#active.delete(fault));
    this.#active.add(active);
    return active;
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
    for (const node of [...this.#frozen.keys()]) this.thaw(node);
  }

  /**
   * What to do with a request. A delay or a drop is hit by each request that it meets, one of a kind;
   * a failure by one that is given its error.
   */
  plan(api: ApiName, node: number, request: RequestSummary): FaultPlan {
    if (this.#active.size === 0) return NO_FAULT;
    let delayMs = 0;
    let drop: DropFault['when'] | undefined;
    const failures: Failure[] = [];
    for (const active of [...this.#active]) {
      if (!active.meets(api, node, request)) continue;
      const { what } = active;
      if (what.kind === 'fail') {
        failures.push({ fault: what.fault, active, isHit: false });
        continue;
      }
      if (what.kind === 'delay') {
        if (delayMs > 0) continue;
        delayMs = what.fault.ms;
      } else {
        if (drop !== undefined) continue;
        drop = what.fault.when;
      }
      active.hit();
    }
    return {
      delayMs,
      drop,
      errorFor: (topic, partition) => this.#errorOf(failures, topic, partition),
    };
  }

  #errorOf(failures: readonly Failure[], topic: string | undefined, partition: number | undefined): number {
    for (const failure of failures) {
      const { fault, active, isHit } = failure;
      if (!covers(fault, topic, partition)) continue;
      if (!isHit) {
        // Another request that came meanwhile may have been the last one.
        if (!this.#active.has(active)) continue;
        failure.isHit = true;
        active.hit();
      }
      return fault.code;
    }
    return ErrorCodes.NONE;
  }
}

/** A failure that meets a request. */
interface Failure {
  readonly fault: FailFault;
  readonly active: ActiveFault;
  /** The request was given its error, for one of its partitions at least. */
  isHit: boolean;
}

function covers(fault: FailFault, topic: string | undefined, partition: number | undefined): boolean {
  return (
    (fault.topic === undefined || fault.topic === topic) &&
    (fault.partition === undefined || fault.partition === partition)
  );
}
