import type { ProducerMessage } from './message.ts';

/**
 * Takes records to send. Nothing leaves before `process` has returned or `flush()` is called.
 *
 * A sender belongs to one attempt at one batch: used after that it throws LifecycleError, which
 * also finds a forgotten `await`.
 */
export interface Sender {
  /**
   * Encodes a copy of the record into the buffer; key, value and headers may be changed afterwards.
   * @throws SendError for what can never be sent: a wrong type, a partition out of range, more than
   *   `maxRecordBytes`
   * @throws LifecycleError after the attempt has ended, or when more than `maxSendBufferBytes`
   *   wait: `await sender.flush()` first
   */
  send(message: ProducerMessage): void;
  /**
   * Sends all that was buffered (Produce, acks=all) and resolves when each record was acked.
   * Commits no offsets.
   * @throws ProduceError; what was acked is gone from the buffer, the rest is kept, so that a
   *   second flush does not send twice
   * @throws SendError for a partition that a topic turned out not to have, when it was sent before
   *   the topic's partitions were known
   */
  flush(): Promise<void>;
}

/**
 * Holds back what an attempt sends, until it is known whether that is to be kept. It belongs to the
 * attempt, not to its sender: a decorated sender hands on to the one that is held.
 */
export interface SendStaging {
  /** The sender that was handed to `process` for this attempt. */
  readonly sender: Sender;
  /** From now on what is sent is checked and held back. */
  hold(): void;
  /** Ends the hold: what was held is as good as sent. */
  keep(): void;
  /**
   * Ends the hold: what was held was never sent. An explicit `flush()` in between has kept what was
   * before it.
   */
  takeBack(): void;
}

/**
 * Where the context of an attempt has its {@link SendStaging}: registered, since another copy of
 * the package may look it up.
 */
export const staging = Symbol.for('kasper-ts.staging');

/**
 * The staging of the attempt to which a context and a sender belong; undefined for a sender of
 * another make.
 */
export function stagingOf(context: object, sender: Sender): SendStaging | undefined {
  const found = (context as { readonly [staging]?: SendStaging })[staging];
  return found?.sender === sender ? found : undefined;
}
