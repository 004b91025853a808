import {
  deadLetterHeaders,
  deadLetterOf,
  type ConsumerMessage,
  type DeadLetter,
  type KafkaClient,
  type MessageProcessor,
  type Sender,
} from '../../index.ts';
import { exactHeadersOf } from '../../kernel/raw-names.ts';
import { dlqError } from './dlq-error.ts';

/** What a replay sends, or has sent. */
export interface ReplayCounts {
  readonly records: number;
  /** By the conditions. */
  readonly leftOut: number;
  /** By topic, sorted. */
  readonly to: readonly { readonly topic: string; readonly records: number }[];
}

/** How dead letters are replayed. */
interface ReplayOptions {
  /** Default: where each is from. */
  readonly to: string | undefined;
  readonly fits: (letter: DeadLetter) => boolean;
}

/** Sends dead letters back, as they were before they were set aside. */
export class Replay implements MessageProcessor {
  readonly #client: Pick<KafkaClient, 'describeTopics'>;
  readonly #options: ReplayOptions;
  readonly #records = new Map<string, number>();
  readonly #partitionCounts = new Map<string, number>();
  #leftOut = 0;

  constructor(client: Pick<KafkaClient, 'describeTopics'>, options: ReplayOptions) {
    this.#client = client;
    this.#options = options;
  }

  get counts(): ReplayCounts {
    const to = [...this.#records].map(([topic, records]) => ({ topic, records }));
    to.sort((a, b) => (a.topic < b.topic ? -1 : 1));
    return { records: to.reduce((sum, { records }) => sum + records, 0), leftOut: this.#leftOut, to };
  }

  async process(messages: readonly ConsumerMessage[], sender: Sender): Promise<void> {
    const chosen = messages.flatMap((message) => {
      const letter = deadLetterOf(message);
      const topic = this.count(message, letter);
      return topic === undefined ? [] : [{ message, letter, topic }];
    });
    await this.checkTopics();
    for (const { message, letter, topic } of chosen) {
      const headers = exactHeadersOf(message).filter(
        ([name]) => !name.startsWith(deadLetterHeaders.prefix) || name === deadLetterHeaders.deliveryCount,
      );
      sender.forward(message, { topic, headers, ...this.#placeOf(letter, topic) });
    }
  }

  /**
   * Counts a dead letter.
   *
   * @returns the topic that it goes to; undefined if it is left out
   * @throws ConfigError for one that does not say where it is from
   */
  count(message: ConsumerMessage, letter: DeadLetter): string | undefined {
    if (!this.#options.fits(letter)) {
      this.#leftOut++;
      return undefined;
    }
    const topic = this.#options.to ?? letter.topic;
    if (topic === undefined)
      throw dlqError(
        `${message.topic}/${message.partition} offset ${message.offset} does not say where it is from (header ${deadLetterHeaders.topic}): give --to with a topic`,
      );
    this.#records.set(topic, (this.#records.get(topic) ?? 0) + 1);
    return topic;
  }

  /** Asks for the partitions of the topics that were counted. @throws ConfigError for those that are missing */
  async checkTopics(): Promise<void> {
    const unknown = [...this.#records.keys()].filter((topic) => !this.#partitionCounts.has(topic));
    if (unknown.length === 0) return;
    const found = await this.#client.describeTopics(unknown);
    for (const topic of unknown) {
      const description = found.get(topic);
      if (description === undefined)
        throw dlqError(
          `topic '${topic}', where dead letters are from, does not exist: create it, or give --to with another one`,
        );
      this.#partitionCounts.set(topic, description.partitionCount);
    }
  }

  /** The partition that it is from, so that it comes to the same job; by its key where that is gone. */
  #placeOf({ partition }: DeadLetter, topic: string): { readonly partition?: number } {
    const isThere = partition !== undefined && partition < (this.#partitionCounts.get(topic) ?? 0);
    return this.#options.to === undefined && isThere ? { partition } : {};
  }
}
