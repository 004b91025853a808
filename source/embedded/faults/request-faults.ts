import { randomInt } from 'node:crypto';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { show } from '../../kernel/shown-value.ts';
import { checkFault, checkFaultObject, apiProblem, timesProblem, throwFault } from './fault-checks.ts';
import type { FaultRegistry } from './fault-registry.ts';
import type {
  DelayFault,
  DropFault,
  FailFault,
  FaultHandle,
  ForgetFault,
  LateFault,
  LateFaultHandle,
} from './fault.ts';
import { RandomFaults, randomFaultKinds } from './random-faults.ts';
import type { RandomFaultsHandle, RandomFaultsOptions } from './random-faults.ts';

const SEEDS = 2 ** 32;

/** What faults of requests need of the cluster. */
export interface FaultsOptions {
  readonly registry: FaultRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws for a node that does not exist. */
  readonly checkNode: (nodeId: number) => void;
}

/**
 * Makes the embedded cluster misbehave towards chosen requests, as networks and brokers do.
 *
 * @example
 * ```ts
 * const fault = cluster.faults.drop({ api: 'Produce', when: 'after' });
 * await sender.flush();   // the ack was lost, the retry is answered as a duplicate
 * await fault.done;
 * ```
 */
export class RequestFaults {
  readonly #options: FaultsOptions;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /**
   * Answers the next requests of an API with an error code, for each partition they name, or at the
   * top where they name none.
   *
   * @throws ConfigError
   */
  fail(fault: FailFault): FaultHandle {
    checkFaultObject(fault);
    checkFault(fault, !Number.isInteger(fault.code) || fault.code === ErrorCodes.NONE, () => {
      return `code must be an error code of Kafka's protocol other than 0, got ${show(fault.code)}`;
    });
    return this.#options.registry.add({ kind: 'fail', fault });
  }

  /**
   * Serves the next requests of an API later, or answers them later.
   *
   * @throws ConfigError
   */
  delay(fault: DelayFault): FaultHandle {
    checkFaultObject(fault);
    const { ms, when = 'before' } = fault;
    checkFault(fault, !(ms > 0), () => `ms must be a number of milliseconds above 0, got ${show(ms)}`);
    checkFault(fault, !delays.includes(when), () => {
      return `when must be one of ${delays.join(', ')}, got ${show(when)}`;
    });
    return this.#options.registry.add({ kind: 'delay', fault });
  }

  /**
   * Cuts the connection at the next requests of an API.
   *
   * @throws ConfigError
   */
  drop(fault: DropFault): FaultHandle {
    checkFaultObject(fault);
    checkFault(fault, !moments.includes(fault.when), () => {
      return `when must be one of ${moments.join(', ')}, got ${show(fault.when)}`;
    });
    return this.#options.registry.add({ kind: 'drop', fault });
  }

  /**
   * Acks the next Produce or OffsetCommit requests without storing anything, as a broker that loses
   * what it had acked. The offsets that were answered are given to later records.
   *
   * @throws ConfigError
   */
  forget(fault: ForgetFault): FaultHandle {
    checkFaultObject(fault);
    checkFault(fault, !forgettable.includes(fault.api), () => {
      return `what can be forgotten is ${forgettable.join(' and ')}, not ${show(fault.api)}`;
    });
    return this.#options.registry.add({ kind: 'forget', fault });
  }

  /**
   * Cuts the connection at the next requests of an API, and serves them later all the same: the
   * client takes them for lost, and they arrive after what it sends then.
   *
   * @throws ConfigError
   * @example
   * ```ts
   * const late = cluster.faults.late({ api: 'OffsetCommit' });
   * // the client commits 5, is cut off, and commits 9 on a new connection
   * await late.deliver();   // 5 is committed
   * ```
   */
  late(fault: LateFault): LateFaultHandle {
    checkFaultObject(fault);
    const { afterMs } = fault;
    checkFault(fault, afterMs !== undefined && !(afterMs >= 0), () => {
      return `afterMs must be a number of milliseconds from 0, got ${show(afterMs)}`;
    });
    return this.#options.registry.add({ kind: 'late', fault });
  }

  /**
   * Faults at random, from a seed that gives the same ones again: it decides for the n-th request of
   * each API from now on. The seed is logged, and the handle has it.
   *
   * @throws ConfigError
   */
  random(options: RandomFaultsOptions = {}): RandomFaultsHandle {
    checkOptionNames('Faults', options, ['seed', 'rate', 'apis', 'kinds', 'maxDelayMs', 'times']);
    const { seed = randomInt(SEEDS), rate = 0.05, apis, kinds = randomFaultKinds } = options;
    const { maxDelayMs = 200, times = Infinity } = options;
    checkArguments(
      'Faults',
      [
        Number.isInteger(seed) && seed >= 0 && seed < SEEDS,
        `seed must be a whole number from 0 to ${SEEDS - 1}`,
        seed,
      ],
      [rate > 0 && rate <= 1, 'rate must be a share of the requests above 0, up to 1', rate],
      [
        kinds.length > 0 && kinds.every((kind) => randomFaultKinds.includes(kind)),
        `kinds must be some of ${randomFaultKinds.join(', ')}`,
        kinds,
      ],
      [maxDelayMs >= 1, 'maxDelayMs must be a number of milliseconds from 1', maxDelayMs],
    );
    throwFault([...(apis ?? []).flatMap(apiProblem), ...timesProblem('times', times)]);
    const { registry, clock, logger } = this.#options;
    const schedule = { seed, rate, kinds, maxDelayMs, times, ...(apis === undefined ? {} : { apis }) };
    const random = new RandomFaults(schedule, clock, (over) => {
      registry.removeRandom(over);
    });
    registry.addRandom(random);
    logger.info('Faults at random; the same seed gives the same ones', { seed, rate });
    return random;
  }

  /**
   * The node takes connections and requests, and answers nothing until {@link thaw}, as a process
   * that was stopped (SIGSTOP).
   *
   * @throws ConfigError if there is no such node
   */
  freeze(node: number): void {
    this.#options.checkNode(node);
    this.#options.registry.freeze(node);
  }

  /**
   * The node continues with all requests that waited.
   *
   * @throws ConfigError if there is no such node
   */
  thaw(node: number): void {
    this.#options.checkNode(node);
    this.#options.registry.thaw(node);
  }

  /** Cancels every fault of requests, loses those that are late, and thaws every node. */
  clear(): void {
    this.#options.registry.clear();
  }
}

const moments: readonly string[] = ['before', 'after', 'mid-response'];
const delays: readonly string[] = ['before', 'after'];
const forgettable: readonly string[] = ['Produce', 'OffsetCommit'];
