import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClient, TopicPartition } from '../../source/index.ts';

const EVERY_MS = 200;

/** What a group had committed, and what its outputs had come to a moment later. */
export interface CommitSample {
  /** On `performance.now()`. */
  readonly at: number;
  /** By partition of the input; undefined: nothing. */
  readonly committed: readonly (number | undefined)[];
  /** Ends of the output's partitions, asked after the commits were. */
  readonly ends: readonly number[];
}

export interface CommitBooksOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly inputs: readonly TopicPartition[];
  readonly outputs: readonly TopicPartition[];
}

/** Looks at a group's commits all the time, past the proxies, and keeps those that changed. */
export class CommitBooks {
  readonly samples: CommitSample[] = [];
  readonly outputs: readonly TopicPartition[];
  readonly inputs: readonly TopicPartition[];
  readonly #options: CommitBooksOptions;
  readonly #stopping = new AbortController();
  readonly #looking: Promise<void>;

  constructor(options: CommitBooksOptions) {
    this.#options = options;
    this.inputs = options.inputs;
    this.outputs = options.outputs;
    this.#looking = this.#look();
    // Asked for again by `stop`.
    this.#looking.catch(() => undefined);
  }

  /** The newest of what was committed. */
  get last(): CommitSample | undefined {
    return this.samples.at(-1);
  }

  /** Looks a last time. @throws Error if it could not be looked at */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
    await this.#sample();
  }

  async #look(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#sample();
      await sleep(EVERY_MS);
    }
  }

  async #sample(): Promise<void> {
    const { client, groupId, inputs, outputs } = this.#options;
    const committed = (await client.group(groupId).fetch(inputs)).map(({ offset }) => offset);
    const ends = (await client.listOffsets('latest', outputs, 'read_uncommitted')).map(
      ({ offset }) => offset,
    );
    const before = this.last;
    if (before?.committed.every((offset, i) => offset === committed[i])) return;
    this.samples.push({ at: performance.now(), committed, ends });
  }
}
