import type { ConsumerMessage, ForwardFields, ProducerMessage } from './message.ts';

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
   * Sends a consumed message on, with some of its fields replaced: what is kept is copied as it lies
   * in the record, without being decoded and encoded again. The partition is chosen from the key
   * unless it is given; the timestamp is kept, but -1 becomes the time of the call. For filters,
   * routers, repartitioning, mirrors and dead letters.
   *
   * Copies at the call, as {@link send}, and has its limits. A message that a test or another
   * library made is sent field by field.
   * @throws SendError as {@link send}, and for what is not a message
   * @throws LifecycleError as {@link send}
   * @example sender.forward(message, { topic: 'copies' });
   * @example sender.forward(message, { topic: 'clean', value: null }); // a tombstone for its key
   */
  forward(message: ConsumerMessage, fields: ForwardFields): void;
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

/** A sender of its own for a middleware: what it has sent goes out with the batch. */
export interface OwnSender extends Sender {
  /** Forgets what was not flushed. */
  discard(): void;
}

/** Where a middleware finds in its context what makes an {@link OwnSender}; no attempt has it. */
export const newSender = Symbol.for('kasper-ts.new-sender');

/** A sender that only its middleware uses; one without `discard` in a test of its own. */
export function ownSender(context: object, sender: Sender): Sender & Partial<OwnSender> {
  return (context as { readonly [newSender]?: () => OwnSender })[newSender]?.() ?? sender;
}

/**
 * The staging of the attempt to which a context and a sender belong; undefined for a sender of
 * another make.
 */
export function stagingOf(context: object, sender: Sender): SendStaging | undefined {
  const found = (context as { readonly [staging]?: SendStaging })[staging];
  return found?.sender === sender ? found : undefined;
}
