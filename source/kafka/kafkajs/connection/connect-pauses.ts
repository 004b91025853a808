import { backoffMs, type BackoffOptions } from '../../../kernel/backoff.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { KasperError } from '../../../kernel/errors.ts';

/**
 * Between attempts to connect to one address. Kafka's Java clients wait 50 ms, growing to a second
 * (`reconnect.backoff.ms`, `reconnect.backoff.max.ms`); here who asks waits once more by itself.
 */
const CONNECT_BACKOFF: BackoffOptions = Object.freeze({ initialMs: 50, maxMs: 500 });

interface Pause {
  /** Attempts that failed, one after another. */
  readonly failed: number;
  readonly until: number;
  readonly error: KasperError;
}

/**
 * While an address takes no connection it is tried again only after a pause, whoever asks: fetches,
 * commits, claims and metadata each have retries of their own, and together they would make a storm
 * of connections for a broker that is just coming up.
 */
export class ConnectPauses {
  readonly #clock: Clock;
  readonly #pauses = new Map<string, Pause>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why an address is not tried now: the error of its last attempt. Undefined: it may be tried. */
  errorOf(address: string): KasperError | undefined {
    const pause = this.#pauses.get(address);
    return pause !== undefined && this.#clock.now() < pause.until ? pause.error : undefined;
  }

  failed(address: string, error: KasperError): void {
    const failed = this.#pauses.get(address)?.failed ?? 0;
    const until = this.#clock.now() + backoffMs(CONNECT_BACKOFF, failed);
    this.#pauses.set(address, { failed: failed + 1, until, error });
  }

  connected(address: string): void {
    this.#pauses.delete(address);
  }
}
