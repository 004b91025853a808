import { callGuarded } from '../kernel/call-guarded.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';

/** The failures of a provider are logged this often. */
const LOG_EVERY_MS = 60_000;

/**
 * Calls a MetricsProvider. What it throws is logged: a batch whose outputs are durable must not
 * fail by being counted.
 */
export class MetricsGuard {
  readonly #clock: Clock;
  readonly #log: Logger;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#log = logger;
  }

  call(record: () => void): void {
    callGuarded(record, (error) => {
      const now = this.#clock.now();
      if (now - this.#loggedAt < LOG_EVERY_MS) return;
      this.#loggedAt = now;
      this.#log.error('The MetricsProvider failed; what is measured may be wrong', { error });
    });
  }
}
