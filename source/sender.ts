import type { ProducerMessage } from './message.ts';

/**
 * Takes records to send. Nothing leaves before `process` has returned or `flush()` is called.
 *
 * A sender belongs to one attempt at one batch: used after that it throws LifecycleError, which also finds a forgotten `await`.
 */
export interface Sender {
  /**
   * Encodes a copy of the record into the buffer.
   * @throws TypeError-like ConfigError for what can never be sent: a wrong type, a partition out of range, more than `maxRecordBytes`
   * @throws LifecycleError after the attempt has ended, or when more than `maxSendBufferBytes` wait: `await sender.flush()` first
   */
  send(message: ProducerMessage): void;
  /**
   * Sends all that was buffered (Produce, acks=all) and resolves when each record was acked. Commits no offsets.
   * @throws ProduceError; what was acked is gone from the buffer, the rest is kept, so that a second flush does not send twice
   */
  flush(): Promise<void>;
}
