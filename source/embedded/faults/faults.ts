import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { isObject } from '../../kernel/is-object.ts';
import { show } from '../../kernel/shown-value.ts';
import { apiNames } from '../request-summary.ts';
import type { FaultRegistry } from './fault-registry.ts';
import type { DelayFault, DropFault, FailFault, FaultHandle, FaultTarget } from './fault.ts';

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

  readonly #checkNode: (nodeId: number) => void;

  /** @param checkNode throws for a node that does not exist */
  constructor(registry: FaultRegistry, checkNode: (nodeId: number) => void) {
    this.#registry = registry;
    this.#checkNode = checkNode;
  }

  /**
   * Answers the next requests of an API with an error code, for each partition they name, or at the
   * top where they name none.
   *
   * @throws ConfigError
   */
  fail(fault: FailFault): FaultHandle {
    checkObject(fault);
    check(fault, !Number.isInteger(fault.code) || fault.code === ErrorCodes.NONE, () => {
      return `code must be an error code of Kafka's protocol other than 0, got ${show(fault.code)}`;
    });
    return this.#registry.add({ kind: 'fail', fault });
  }

  /**
   * Serves the next requests of an API later.
   *
   * @throws ConfigError
   */
  delay(fault: DelayFault): FaultHandle {
    checkObject(fault);
    check(fault, !(fault.ms > 0), () => `ms must be a number of milliseconds above 0, got ${show(fault.ms)}`);
    return this.#registry.add({ kind: 'delay', fault });
  }

  /**
   * Cuts the connection at the next requests of an API.
   *
   * @throws ConfigError
   */
  drop(fault: DropFault): FaultHandle {
    checkObject(fault);
    check(fault, !moments.includes(fault.when), () => {
      return `when must be one of ${moments.join(', ')}, got ${show(fault.when)}`;
    });
    return this.#registry.add({ kind: 'drop', fault });
  }

  /**
   * The node takes connections and requests, and answers nothing until {@link thaw}, as a process
   * that was stopped (SIGSTOP).
   *
   * @throws ConfigError if there is no such node
   */
  freeze(node: number): void {
    this.#checkNode(node);
    this.#registry.freeze(node);
  }

  /**
   * The node continues with all requests that waited.
   *
   * @throws ConfigError if there is no such node
   */
  thaw(node: number): void {
    this.#checkNode(node);
    this.#registry.thaw(node);
  }

  /** Cancels every fault and thaws every node. */
  clear(): void {
    this.#registry.clear();
  }
}

const moments: readonly string[] = ['before', 'after', 'mid-response'];

function checkObject(fault: unknown): void {
  checkArguments('Fault', [isObject(fault), "a fault must be an object such as { api: 'Produce' }", fault]);
}

function check(fault: FaultTarget, isWrong: boolean, describe: () => string): void {
  const problems = isWrong ? [describe()] : [];
  if (!apiNames.includes(fault.api)) {
    problems.push(`api must be one of ${apiNames.join(', ')}, got ${show(fault.api)}`);
  }
  const { times = 1 } = fault;
  if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
    problems.push(`times must be a whole number from 1, or Infinity, got ${show(times)}`);
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Fault' });
}
