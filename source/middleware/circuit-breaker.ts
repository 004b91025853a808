import { checkArguments } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { checkDurations } from '../kernel/duration.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { readOr } from '../kernel/read-or.ts';
import type { Middleware } from './middleware.ts';
import { withInfo } from './middleware-info.ts';

/** What {@link circuitBreaker} needs of a policy, such as the `circuitBreaker` of cockatiel 3. */
export interface CircuitBreakerPolicy {
  /**
   * Calls the function, or rejects without a call while the circuit is open: with an error that has
   * `isBrokenCircuitError` or `isIsolatedCircuitError`.
   */
  execute(run: () => Promise<void>): Promise<unknown>;
}

/** Options of {@link circuitBreaker}. */
export interface CircuitBreakerOptions {
  /** While the circuit is open, it is asked again after this long, in milliseconds. Default 1,000. */
  readonly pollMs?: number;
}

/**
 * Calls `process` through a policy that you made. While its circuit is open, `process` is not called:
 * the batch waits, and other partitions are let in meanwhile. What else the policy rejects with is
 * the attempt's error.
 *
 * The policy is shared by all partitions. After a failure they go through it one at a time, until one
 * has succeeded. `processTimeoutMs` bounds the wait.
 *
 * @throws ConfigError for what is no policy, and for an unknown option
 * @example
 * const policy = cockatiel.circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
 * const middleware = [retry(), circuitBreaker(policy)];
 */
export function circuitBreaker(
  policy: CircuitBreakerPolicy,
  options: CircuitBreakerOptions = {},
): Middleware {
  const given: unknown = policy;
  const isPolicy = isObject(given) && hasMethods(given, ['execute']);
  checkArguments('circuitBreaker', [isPolicy, 'the policy must have the method execute(run)', given]);
  checkOptionNames('circuitBreaker', options, ['pollMs']);
  checkDurations('circuitBreaker', { pollMs: options.pollMs });
  const { pollMs = 1_000 } = options;
  // A policy that tries whether it may close lets other calls wait for the one that tries. Those would
  // keep their process slots, which that one may need.
  let inFlight = 0;
  let isDoubtful = false;
  return withInfo({ name: 'circuitBreaker' }, (next) => async (messages, sender, context) => {
    for (;;) {
      if (inFlight === 0 || !isDoubtful) {
        const call = { isMade: false };
        inFlight++;
        try {
          await policy.execute(async () => {
            call.isMade = true;
            await next(messages, sender, context);
          });
          isDoubtful = false;
          return;
        } catch (error) {
          isDoubtful = true;
          if (call.isMade || !isOpenCircuit(error)) throw error;
        } finally {
          inFlight--;
        }
      }
      await context.wait(pollMs);
    }
  });
}

function isOpenCircuit(error: unknown): boolean {
  return readOr(
    false,
    () =>
      isObject(error) && (error['isBrokenCircuitError'] === true || error['isIsolatedCircuitError'] === true),
  );
}
