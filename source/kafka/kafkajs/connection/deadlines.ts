/**
 * How long one call to one broker may take, in milliseconds. Past it all connections to that broker
 * are destroyed and the call is made elsewhere, if it can be: a broker that is frozen or cut off
 * answers nothing at all, and TCP alone would notice after minutes.
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
  /**
   * For how long {@link KafkaClient.connect} looks for a first broker; never longer than
   * `retryTimeoutMs`.
   */
  readonly firstConnectMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = Object.freeze({
  fetchMs: 5_000,
  produceMs: 8_000,
  produceTimeoutMs: 5_000,
  requestMs: 5_000,
  handshakeMs: 5_000,
  firstConnectMs: 30_000,
});

/** For how long retriable failures of one call are retried, unless the caller says otherwise. */
export const DEFAULT_RETRY_TIMEOUT_MS = 120_000;
