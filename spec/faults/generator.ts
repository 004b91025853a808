import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClient, RecordSink } from '../../source/index.ts';
import { deferred } from '../_helpers/deferred.ts';
import { InputBooks } from './input-books.ts';

/** How often records are written. */
const TICK_MS = 20;
/** Longer than any outage of the campaign. */
const RETRY_MS = 600_000;

export interface GeneratorOptions {
  readonly client: KafkaClient;
  /** Kafka's name of the input. */
  readonly topic: string;
  readonly books: InputBooks;
  /** Records a second, all partitions together. */
  readonly rate: number;
}

/**
 * Writes records to the input at a steady rate, and books those that were acked. It is idempotent,
 * so that the input has none twice. What an outage has held up is written afterwards.
 */
export class Generator {
  readonly #options: GeneratorOptions;
  readonly #sink: RecordSink;
  readonly #stopping = new AbortController();
  /** Next number of each partition: those below it were given to the sink. */
  readonly #next: number[];
  readonly #writing: Promise<void>;
  readonly #began = performance.now();
  #failure: Error | undefined;
  /** While nothing is to be written: what is told once all is acked, and what ends it. */
  #pause: { readonly reached: Deferred; readonly over: Deferred } | undefined;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#sink = options.client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: RETRY_MS });
    this.#next = options.books.acked.map(() => 0);
    this.#writing = this.#write();
    this.#writing.catch((error: unknown) => {
      this.#failure = error as Error;
    });
  }

  /** Records a second that were acked, since it began. */
  get rate(): number {
    return this.#options.books.total / ((performance.now() - this.#began) / 1000);
  }

  /** Why it does not write any more. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Writes nothing until {@link resume}; resolves when all that was written is acked. */
  async pause(): Promise<void> {
    this.#pause = { reached: deferred(), over: deferred() };
    await Promise.race([this.#pause.reached.promise, this.#writing]);
  }

  /** Goes on, and writes what became due meanwhile, too. */
  resume(): void {
    this.#pause?.over.resolve();
    this.#pause = undefined;
  }

  /** Resolves when all that was written is acked. @throws Error if something could not be written */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.resume();
    await this.#writing;
    await this.#sink.close();
  }

  async #write(): Promise<void> {
    const { topic, books, rate } = this.#options;
    await this.#sink.loadTopic(topic);
    const accumulator = this.#sink.accumulator();
    const began = this.#began;
    let written = 0;
    let partition = 0;
    while (!this.#stopping.signal.aborted) {
      // After an outage: what is due, but not all in one request.
      const due = Math.min(Math.floor(((performance.now() - began) / 1000) * rate) - written, rate);
      for (let i = 0; i < due; i++) {
        partition = (partition + 1) % this.#next.length;
        const n = this.#next[partition] ?? 0;
        this.#next[partition] = n + 1;
        const record = books.record(partition, n);
        const measured = accumulator.measure({
          key: record.key === null ? null : Buffer.from(record.key),
          value: record.value,
          headers: InputBooks.headersOf(record, n),
          timestamp: Date.now(),
        });
        accumulator.append(topic, partition, measured);
      }
      written += due;
      await accumulator.flush();
      for (const [each, count] of this.#next.entries()) books.acked[each] = count;
      this.#pause?.reached.resolve();
      await (this.#pause?.over.promise ?? sleep(TICK_MS));
    }
  }
}

type Deferred = ReturnType<typeof deferred>;
