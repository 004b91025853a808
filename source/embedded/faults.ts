import { ConfigError } from '../kernel/errors.ts';
import { apiNames } from './api.ts';
import type { ApiName, RequestSummary } from './api.ts';
import type { FaultRegistry } from './fault-registry.ts';

/** Which requests a fault meets. */
export interface FaultTarget {
  readonly api: ApiName;
  /** How many requests it meets before it is over. Default 1; `Infinity` lasts until it is cancelled. */
  readonly times?: number;
  /** Only requests to this node. Default: to any. */
  readonly node?: number;
  /** Only requests for which this returns true: it sees what the request asks for. */
  readonly matching?: (request: RequestSummary) => boolean;
}

/** Answers with an error code, without doing what was asked. */
export interface FailFault extends FaultTarget {
  /** Kafka's error code, such as 6 for NOT_LEADER_OR_FOLLOWER. */
  readonly code: number;
  /** Only the answers for this topic; the rest of the request is served. Default: all. */
  readonly topic?: string;
  /** Only the answers for this partition. Default: all. */
  readonly partition?: number;
}

/** Serves the request later; its connection serves nothing else meanwhile. */
export interface DelayFault extends FaultTarget {
  readonly ms: number;
}

/** Cuts the connection. */
export interface DropFault extends FaultTarget {
  /**
   * `'before'` the request is served, so that it has no effect; `'after'` it was served, so that only the answer is lost;
   * in `'mid-response'`, after half of the answer's bytes.
   */
  readonly when: 'before' | 'after' | 'mid-response';
}

/** A fault that was set up. */
export interface FaultHandle {
  /** Requests it has met so far. */
  readonly hits: number;
  /** Resolves once it has met `times` requests. Stays open if it is cancelled before. */
  readonly done: Promise<void>;
  /** Calls it off. */
  cancel(): void;
}

/**
 * Makes the embedded cluster misbehave in one chosen way at a time, as networks and brokers do.
 *
 * @example
 * ```ts
 * const fault = cluster.faults.drop({ api: 'Produce', when: 'after' });
 * await sender.flush();   // the ack was lost, the retry is answered as a duplicate
 * await fault.done;
 * ```
 */
export class Faults {
  readonly #registry: FaultRegistry;

  constructor(registry: FaultRegistry) {
    this.#registry = registry;
  }

  /**
   * Answers the next requests of an API with an error code, for each partition they name, or at the top where they name none.
   *
   * @throws ConfigError
   */
  fail(fault: FailFault): FaultHandle {
    check(fault, !Number.isInteger(fault.code) || fault.code === 0, () => {
      return `code must be an error code of Kafka's protocol other than 0, got ${fault.code}`;
    });
    return this.#registry.add({ kind: 'fail', fault });
  }

  /**
   * Serves the next requests of an API later.
   *
   * @throws ConfigError
   */
  delay(fault: DelayFault): FaultHandle {
    check(fault, !(fault.ms > 0), () => `ms must be a number of milliseconds above 0, got ${fault.ms}`);
    return this.#registry.add({ kind: 'delay', fault });
  }

  /**
   * Cuts the connection at the next requests of an API.
   *
   * @throws ConfigError
   */
  drop(fault: DropFault): FaultHandle {
    check(fault, !moments.includes(fault.when), () => {
      return `when must be one of ${moments.join(', ')}, got ${fault.when}`;
    });
    return this.#registry.add({ kind: 'drop', fault });
  }

  /** The node takes connections and requests, and answers nothing until {@link thaw}, as a process that was stopped (SIGSTOP). */
  freeze(node: number): void {
    this.#registry.freeze(node);
  }

  /** The node goes on with all that waited. */
  thaw(node: number): void {
    this.#registry.thaw(node);
  }

  /** Calls off every fault and thaws every node. */
  clear(): void {
    this.#registry.clear();
  }
}

const moments: readonly string[] = ['before', 'after', 'mid-response'];

function check(fault: FaultTarget, isWrong: boolean, describe: () => string): void {
  const problems = isWrong ? [describe()] : [];
  if (!apiNames.includes(fault.api)) {
    problems.push(`api must be one of ${apiNames.join(', ')}, got ${fault.api}`);
  }
  const { times = 1 } = fault;
  if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
    problems.push(`times must be a whole number from 1, or Infinity, got ${times}`);
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Fault' });
}
