/**
 * How long one call to one broker may take, in milliseconds in which the event loop turns. Past it
 * the connections of that link are destroyed and the call is made elsewhere, if it can be: a broker
 * that is frozen or cut off answers nothing at all, and TCP alone would notice after minutes.
 *
 * Those of Fetch and Produce count from the last byte that moved, and an answer that moves is waited
 * for until the limit of retries. All others are absolute: the claims rest on that.
 */
export interface Deadlines {
  /** On top of the time for which the broker may hold a fetch. */
  readonly fetchMs: number;
  /** One Produce request. */
  readonly produceMs: number;
  /**
   * For how long the broker itself waits for its replicas within {@link produceMs}; then it answers
   * code 7.
   */
  readonly produceTimeoutMs: number;
  /** Any other request. */
  readonly requestMs: number;
  /** From the first byte to API versions and SASL; the user's connectionTimeout comes on top. */
  readonly handshakeMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = Object.freeze({
  fetchMs: 5_000,
  produceMs: 8_000,
  produceTimeoutMs: 5_000,
  requestMs: 5_000,
  handshakeMs: 5_000,
});

/**
 * What is attempted has at least this long, also where no time is left of the limit of retries: its
 * answer says more than that the time was over.
 */
export const LEAST_TRY_MS = 1_000;

/** For how long a first broker is looked for, unless the caller says otherwise. */
export const DEFAULT_FIRST_CONNECT_TIMEOUT_MS = 30_000;

/** For how long retriable failures of one call are retried, unless the caller says otherwise. */
export const DEFAULT_RETRY_TIMEOUT_MS = 120_000;
