import type { Clock } from '../kernel/clock.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { ConfigError } from '../kernel/errors.ts';
import { show } from '../kernel/shown-value.ts';
import type { ConsumerMessage } from '../message.ts';
import type { Middleware } from './middleware.ts';
import { withInfo, type MiddlewareConfig } from './middleware-info.ts';

/** Options of {@link throttle}: one of the two. */
export type ThrottleOptions =
  | {
      /** Messages in a second, of all partitions together, above 0. */
      readonly recordsPerSecond: number;
      readonly bytesPerSecond?: undefined;
    }
  | {
      /** Bytes of messages in a second, as encoded, of all partitions together, above 0. */
      readonly bytesPerSecond: number;
      readonly recordsPerSecond?: undefined;
    };

/**
 * Lets no more than this many messages or bytes in a second pass on the average, by waits before
 * `process`, in which other partitions are processed.
 *
 * One bucket is shared by all partitions. It holds what passes in a second, and may go into debt, so
 * a batch of any size passes; the one after it waits until the debt is paid, first come, first served.
 * With n partitions a batch may wait for n others, and `processTimeoutMs` ends the run when it waits
 * longer: a batch must take less than that by itself, else it is a ConfigError.
 *
 * @throws ConfigError unless one rate is given, and is above 0
 * @example middleware: [throttle({ recordsPerSecond: 500 })] // with batchSize: 500
 */
export function throttle(options: ThrottleOptions): Middleware {
  const { recordsPerSecond, bytesPerSecond } = check(options);
  const perSecond = recordsPerSecond ?? bytesPerSecond;
  const costOf = recordsPerSecond === undefined ? bytesOf : countOf;
  const bucket = new Bucket(perSecond);
  /** How long the largest batch takes by itself. */
  const largestMs = ({ batchSize, batchBytes }: MiddlewareConfig) =>
    ((recordsPerSecond === undefined ? batchBytes : batchSize) * 1000) / perSecond;
  const option = recordsPerSecond === undefined ? 'batchBytes' : 'batchSize';
  return withInfo(
    {
      name: 'throttle',
      check: (config) =>
        largestMs(config) < config.processTimeoutMs
          ? []
          : [
              `throttle: a batch of ${option} (${config[option]}) takes ${Math.ceil(largestMs(config))} ms at ${perSecond} a second, and processTimeoutMs is ${config.processTimeoutMs}: make ${option} smaller`,
            ],
      warnings: (config) => {
        const { inputPartitions, processTimeoutMs } = config;
        const allMs = largestMs(config) * inputPartitions.length;
        return allMs < processTimeoutMs
          ? []
          : [
              `throttle: full batches of ${inputPartitions.length} partitions take ${Math.ceil(allMs)} ms together, and one that waits longer than processTimeoutMs (${processTimeoutMs}) ends the run: make ${option} smaller`,
            ];
      },
    },
    (next) => async (messages, sender, context) => {
      const waitMs = bucket.take(costOf(messages), context.clock);
      if (waitMs > 0) await context.wait(waitMs);
      await next(messages, sender, context);
    },
  );
}

/** Tokens that come with time, up to those of a second. */
class Bucket {
  readonly #perSecond: number;
  #tokens: number;
  #at: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Takes tokens, also those that are not there yet; returns for how long to wait first, in ms. */
  take(cost: number, clock: Clock): number {
    const now = clock.now();
    const gained = ((now - (this.#at ?? now)) * this.#perSecond) / 1000;
    this.#at = now;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    const waitMs = Math.max(0, (-this.#tokens * 1000) / this.#perSecond);
    this.#tokens -= cost;
    return waitMs;
  }
}

function countOf(messages: readonly ConsumerMessage[]): number {
  return messages.length;
}

function bytesOf(messages: readonly ConsumerMessage[]): number {
  let sum = 0;
  for (const { bytes } of messages) sum += bytes;
  return sum;
}

function check(options: ThrottleOptions): ThrottleOptions {
  checkOptionNames('throttle', options, ['recordsPerSecond', 'bytesPerSecond']);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const problems = given
    .filter(([, value]) => typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    .map(([name, value]) => `${name} must be a number above 0, not ${show(value)}`);
  if (given.length !== 1) problems.push('give one of recordsPerSecond and bytesPerSecond');
  if (problems.length > 0) throw new ConfigError(problems, { what: 'throttle' });
  return options;
}
