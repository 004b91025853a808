import type { Clock } from '../../kernel/clock.ts';
import type { ApiName, RequestSummary } from '../request-summary.ts';
import type { DelayFault, DropFault, FailFault, ForgetFault, LateFault, LateFaultHandle } from './fault.ts';
import { LateRequests, type ServeLate } from './late-requests.ts';

/** A fault, by what it does. */
export type FaultKind =
  | { readonly kind: 'fail'; readonly fault: FailFault }
  | { readonly kind: 'delay'; readonly fault: DelayFault }
  | { readonly kind: 'drop'; readonly fault: DropFault }
  | { readonly kind: 'forget'; readonly fault: ForgetFault }
  | { readonly kind: 'late'; readonly fault: LateFault };

/** A fault that is set up, with what it has met so far. */
export class ActiveFault implements LateFaultHandle {
  readonly what: FaultKind;
  readonly done: Promise<void>;
  readonly #times: number;
  readonly #late = new LateRequests();
  readonly #finish: () => void;
  readonly #remove: (fault: ActiveFault) => void;
  #toPass: number;
  #hits = 0;

  constructor(what: FaultKind, remove: (fault: ActiveFault) => void) {
    this.what = what;
    this.#times = what.fault.times ?? 1;
    this.#toPass = (what.fault.nth ?? 1) - 1;
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

  get held(): number {
    return this.#late.size;
  }

  meets(api: ApiName, node: number, request: RequestSummary): boolean {
    const { fault } = this.what;
    return (
      fault.api === api &&
      (fault.node === undefined || fault.node === node) &&
      (fault.matching === undefined || fault.matching(request))
    );
  }

  /** Whether a request that it would meet is let pass, by `nth`; counts it. */
  passes(): boolean {
    if (this.#toPass === 0) return false;
    this.#toPass--;
    return true;
  }

  hit(): void {
    this.#hits++;
    if (this.#hits < this.#times) return;
    this.#remove(this);
    this.#finish();
  }

  hold(serve: ServeLate, clock: Clock, afterMs: number | undefined): void {
    if (afterMs === undefined) this.#late.hold(serve);
    else this.#late.holdFor(afterMs, clock, serve);
  }

  deliver(): Promise<void> {
    return this.#late.deliver();
  }

  cancel(): void {
    this.#remove(this);
  }

  /** Requests that it holds are lost. */
  clear(): void {
    this.#late.clear();
  }
}
