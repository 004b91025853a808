import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { DropFault, FailFault } from './fault.ts';
import type { ServeLate } from './late-requests.ts';

/** What the faults want done with one request. */
export interface FaultPlan {
  readonly delayMs: number;
  readonly delayAnswerMs: number;
  readonly drop: DropFault['when'] | undefined;
  /** Acked, and not stored. */
  readonly forget: boolean;
  /** The connection is cut; this serves the request later. */
  readonly late: ((serve: ServeLate) => void) | undefined;
  errorFor(topic?: string, partition?: number): number;
  /** What it is, for the journal. */
  readonly met: readonly string[];
}

/** Nothing is done to the request. */
export const NO_FAULT: FaultPlan = {
  delayMs: 0,
  delayAnswerMs: 0,
  drop: undefined,
  forget: false,
  late: undefined,
  errorFor: () => ErrorCodes.NONE,
  met: [],
};

/** A plan that several faults make together, one of each kind. */
export class MadePlan implements FaultPlan {
  delayMs = 0;
  delayAnswerMs = 0;
  drop: DropFault['when'] | undefined;
  forget = false;
  late: ((serve: ServeLate) => void) | undefined;
  readonly met: string[] = [];
  readonly #failures: Failure[] = [];

  /**
   * Gives the error to what it covers.
   *
   * @param meets called when something is about to be given it, once: false leaves the request alone
   */
  mayFail(fault: FailFault, meets: () => boolean): void {
    this.#failures.push({ fault, meets, verdict: undefined });
  }

  errorFor(topic?: string, partition?: number): number {
    for (const failure of this.#failures) {
      if (!covers(failure.fault, topic, partition)) continue;
      failure.verdict ??= failure.meets();
      if (failure.verdict) return failure.fault.code;
    }
    return ErrorCodes.NONE;
  }
}

/** A failure that may meet a request. */
interface Failure {
  readonly fault: FailFault;
  readonly meets: () => boolean;
  /** Whether it does, once it is known. */
  verdict: boolean | undefined;
}

function covers(fault: FailFault, topic: string | undefined, partition: number | undefined): boolean {
  return (
    (fault.topic === undefined || fault.topic === topic) &&
    (fault.partition === undefined || fault.partition === partition)
  );
}
