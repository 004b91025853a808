import { sleep } from '../../../kernel/clock.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { KafkajsConnection } from '../capture/internals.ts';

/** Of a session's length: so much before its end at most no request is sent any more. */
const MARGIN_SHARE = 1 / 4;
/**
 * A broker takes the renewal of a session that was itself renewed less than this ago for an
 * ordinary request, and refuses it with ILLEGAL_SASL_STATE.
 */
const BETWEEN_RENEWALS_MS = 1_000;

/**
 * The SASL session of one connection: how long requests may be sent, and its renewal.
 *
 * The broker says at each login how long the session lasts: as `connections.max.reauth.ms` sets it,
 * with OAuth never longer than the token. After its end it closes the connection at the next
 * request. kafkajs renews at a fixed time before the end, so that it takes a session that is
 * shorter, or that was renewed with the remaining time of the same token, for ended at once, and
 * renews without a pause until the broker refuses it. Here the margin follows the length.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-368
 */
export class SaslSession {
  readonly #connection: KafkajsConnection;
  readonly #clock: Clock;
  #logins = 0;
  #openUntil = 0;
  #renewableFrom = 0;

  /** To be made before the connection is opened. */
  constructor(connection: KafkajsConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    const login = connection.authenticate.bind(connection);
    connection.isAuthenticated = () => this.open;
    connection.authenticate = async () => {
      const known = this.#logins;
      await login();
      // Several callers may have waited for one login.
      if (known === this.#logins) this.#begin();
    };
  }

  /** Requests may be sent: always without SASL. */
  get open(): boolean {
    const { sasl } = this.#connection;
    return sasl === null || sasl === undefined || this.#clock.now() < this.#openUntil;
  }

  /**
   * Waits until the session may be renewed, and until all requests are answered: kafkajs would take
   * the answer of one for an answer of the login. Then logs in.
   */
  async renew(signal: AbortSignal): Promise<void> {
    const waitMs = this.#renewableFrom - this.#clock.now();
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
    await this.#connection.requestQueue.waitForPendingRequests();
    if (!this.open) await this.#connection.authenticate();
  }

  #begin(): void {
    const { sessionLifetime, reauthenticationThreshold } = this.#connection;
    // Of 64 bits; 0 stands for a session without end.
    const lengthMs = Number(sessionLifetime.toString()) || Infinity;
    const marginMs = Math.min(reauthenticationThreshold, lengthMs * MARGIN_SHARE);
    const now = this.#clock.now();
    this.#openUntil = now + lengthMs - marginMs;
    this.#renewableFrom = this.#logins === 0 ? now : now + BETWEEN_RENEWALS_MS;
    this.#logins += 1;
  }
}
