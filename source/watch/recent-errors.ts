import type { Clock } from '../kernel/clock.ts';
import { BrokerError, KasperError } from '../kernel/errors.ts';
import { hideSecrets } from '../kernel/secrets.ts';
import { messageOf } from '../kernel/thrown-text.ts';
import type { RecentError } from '../stats.ts';

/** How many are kept. */
const KEPT = 20;
/**
 * The same again within this time is not another one: a retry must not push out what came before.
 */
const SAME_WITHIN_MS = 10_000;
const LONGEST_MESSAGE = 1000;

/** Keeps the last failures of a run, the retried ones included. */
export class RecentErrors {
  readonly #clock: Clock;
  #errors: readonly RecentError[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Newest first. */
  get all(): readonly RecentError[] {
    return this.#errors;
  }

  add(error: unknown, partition?: number): void {
    const at = this.#clock.wallNow();
    const { code, message } = describeError(error);
    const where = partition === undefined ? {} : { partition };
    const before = this.#errors.findIndex(
      (each) => each.code === code && each.partition === partition && Math.abs(at - each.at) < SAME_WITHIN_MS,
    );
    const times = (this.#errors[before]?.times ?? 0) + 1;
    const others =
      before < 0 ? this.#errors.slice(0, KEPT - 1) : this.#errors.filter((_each, i) => i !== before);
    this.#errors = [{ at, code, message, ...where, times }, ...others];
  }
}

/**
 * What a person gets to see of an error: no stack, no credentials, and not more than a screen
 * holds.
 */
export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  const message = hideSecrets(messageOf(error));
  return {
    code: codeOf(error),
    message: message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message,
  };
}

/** Kafka's name where a broker has given one, else our code. */
export function codeOf(error: unknown): string {
  if (error instanceof BrokerError) return error.brokerError;
  return KasperError.is(error) ? error.code : 'UNKNOWN';
}
