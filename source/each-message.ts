import { BatchError } from './batch-error.ts';
import { checkArguments } from './kernel/check-arguments.ts';
import { isClass } from './kernel/is-class.ts';
import { endedByClose } from './kernel/closed-while-waiting.ts';
import type { ConsumerMessage, ForwardFields, ProducerMessage } from './message.ts';
import type {
  MessageFailure,
  MessageProcessor,
  ProcessContext,
  StoreMap,
  Unseen,
} from './message-processor.ts';
import { checkForward, checkForwardFields, ownForward, type OwnForward } from './kafka/forwarded-record.ts';
import { checkFields, checkMessage, headerPairs, SentRecord } from './kafka/outgoing-record.ts';
import { stagingOf, type Sender, type SendStaging } from './sender.ts';

/** Handles one message; what it sends goes out with the batch. */
export type MessageHandler<Stores extends StoreMap = StoreMap> = (
  message: ConsumerMessage,
  sender: Sender,
  context: ProcessContext<Stores>,
) => void | Promise<void>;

/**
 * Makes a MessageProcessor of a function for single messages, called one after another.
 *
 * When the function throws, what it sent for that message is taken back, and the messages that
 * follow with the same key (of any input topic) fail without being run (`notRun`), so that the
 * order per key holds; the rest of the batch continues. Then a BatchError names the failed messages. Messages
 * without a key have no order to keep. What was sent with an explicit `sender.flush()` cannot be
 * taken back.
 *
 * @throws ConfigError for what is not a function
 * @example new TopicProcessor(options, eachMessage((message, sender) => { sender.send({ topic: 'out', value: message.value }); }));
 */
export function eachMessage<Stores extends StoreMap = Unseen>(
  handle: MessageHandler<Stores>,
): MessageProcessor<Stores> {
  const given: unknown = handle;
  checkArguments('eachMessage', [
    typeof given === 'function' && !isClass(given),
    'the handler must be a function (message, sender, context)',
    given,
  ]);
  return {
    async process(messages, sender, context) {
      const failures: MessageFailure[] = [];
      const failedKeys = new Map<string, MessageFailure>();
      const staging = stagingOf(context, sender) ?? new StagedSender(sender);
      const { sender: staged } = staging;
      for (const message of messages) {
        const earlier = failedKeys.size === 0 ? undefined : failureOfKey(failedKeys, message);
        if (earlier !== undefined) {
          failures.push({ message, error: notRun(message, earlier), notRun: true });
          continue;
        }
        staging.hold();
        try {
          const running = handle(message, staged, context);
          // No await for synchronous handlers: a promise a message would cost more than the
          // message.
          if (running !== undefined) await running;
          staging.keep();
        } catch (error) {
          staging.takeBack();
          // The processor closes: the batch is given up, no matter what the rest of it would do.
          if (endedByClose(error)) throw error;
          const failure = { message, error };
          failures.push(failure);
          if (message.key !== null) failedKeys.set(keyOf(message.key), failure);
        }
        context.signal.throwIfAborted();
      }
      if (failures.length > 0) throw new BatchError(failures);
    },
  };
}

/**
 * Holds back what one message sends, before a sender of another make: what that one refuses is
 * found only when it is handed on.
 */
class StagedSender implements Sender, SendStaging {
  readonly #sender: Sender;
  #staged: (ProducerMessage | OwnForward)[] = [];

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  get sender(): Sender {
    return this;
  }

  send(message: ProducerMessage): void {
    checkMessage(message);
    checkFields(message);
    const { key, value, headers } = new SentRecord().take(message, () => 0, true);
    // Field by field: what is sent may be a consumed message, of which a spread has nothing.
    const { topic, partition, timestamp } = message;
    this.#staged.push({
      topic,
      key,
      value,
      headers: headerPairs(headers),
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestamp }),
    });
  }

  forward(message: ConsumerMessage, fields: ForwardFields): void {
    checkForward(message, fields);
    checkForwardFields(fields);
    this.#staged.push(ownForward(message, fields));
  }

  flush(): Promise<void> {
    this.keep();
    return this.#sender.flush();
  }

  hold(): void {
    this.#staged = [];
  }

  keep(): void {
    const staged = this.#staged;
    this.#staged = [];
    for (const one of staged) {
      if ('fields' in one) this.#sender.forward(one.message, one.fields);
      else this.#sender.send(one);
    }
  }

  takeBack(): void {
    this.#staged = [];
  }
}

function failureOfKey(
  failedKeys: ReadonlyMap<string, MessageFailure>,
  { key }: ConsumerMessage,
): MessageFailure | undefined {
  return key === null ? undefined : failedKeys.get(keyOf(key));
}

/** Keys as text that differs when their bytes differ. */
function keyOf(key: Buffer): string {
  return key.toString('latin1');
}

function notRun({ topic, partition, offset }: ConsumerMessage, { message, error }: MessageFailure): Error {
  return new Error(
    `${topic}/${partition} offset ${offset} was not run, since ${message.topic} offset ${message.offset} with the same key failed before it`,
    { cause: error },
  );
}
