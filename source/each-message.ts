import { BatchError } from './batch-error.ts';
import type { ConsumerMessage, ProducerMessage } from './message.ts';
import type { MessageFailure, MessageProcessor, ProcessContext, StoreMap } from './message-processor.ts';
import type { Sender } from './sender.ts';

/** Handles one message; what it sends goes out with the batch. */
export type MessageHandler<Stores extends StoreMap = StoreMap> = (
  message: ConsumerMessage,
  sender: Sender,
  context: ProcessContext<Stores>,
) => void | Promise<void>;

/**
 * Makes a MessageProcessor of a function for single messages, called one after another.
 *
 * When the function throws, what it sent for that message is taken back, and the messages that follow with the same key (of any input topic) fail
 * without being run, so that the order per key holds; the rest of the batch goes on. Then a BatchError names the failed messages. Messages without a key have no order
 * to keep. What was sent with an explicit `sender.flush()` cannot be taken back.
 *
 * @example new TopicProcessor(options, eachMessage((message, sender) => { sender.send({ topic: 'out', value: message.value }); }));
 */
export function eachMessage<Stores extends StoreMap = StoreMap>(
  handle: MessageHandler<Stores>,
): MessageProcessor<Stores> {
  return {
    async process(messages, sender, context) {
      const failures: MessageFailure[] = [];
      const failedKeys = new Map<string, MessageFailure>();
      const staged = new StagedSender(sender);
      for (const message of messages) {
        const earlier = failedKeys.size === 0 ? undefined : failedKeys.get(keyOf(message));
        if (earlier !== undefined) {
          failures.push({ message, error: notRun(message, earlier) });
          continue;
        }
        try {
          const running = handle(message, staged, context);
          // No await for synchronous handlers: a promise a message would cost more than the message.
          if (running !== undefined) await running;
          staged.release();
        } catch (error) {
          staged.takeBack();
          const failure = { message, error };
          failures.push(failure);
          if (message.key !== null) failedKeys.set(keyOf(message), failure);
        }
        context.signal.throwIfAborted();
      }
      if (failures.length > 0) throw new BatchError(failures);
    },
  };
}

/** Holds back what one message sends until it is known that the message succeeded. */
class StagedSender implements Sender {
  readonly #sender: Sender;
  #staged: ProducerMessage[] = [];

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  send(message: ProducerMessage): void {
    this.#staged.push(message);
  }

  flush(): Promise<void> {
    this.release();
    return this.#sender.flush();
  }

  /** Hands on what was staged; throws what the sender refuses. */
  release(): void {
    if (this.#staged.length === 0) return;
    const staged = this.#staged;
    this.#staged = [];
    for (const message of staged) this.#sender.send(message);
  }

  takeBack(): void {
    this.#staged = [];
  }
}

/** Keys as text that differs when their bytes differ. */
function keyOf(message: ConsumerMessage): string {
  return message.key?.toString('latin1') ?? '';
}

function notRun({ topic, partition, offset }: ConsumerMessage, { message, error }: MessageFailure): Error {
  return new Error(
    `${topic}/${partition} offset ${offset} was not run, since ${message.topic} offset ${message.offset} with the same key failed before it`,
    { cause: error },
  );
}
