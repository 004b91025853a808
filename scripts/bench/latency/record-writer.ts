import type { KafkaClient } from '../../../source/index.ts';
import { asError } from '../../../source/kernel/as-error.ts';

const VALUE_BYTES = 100;

/** Writes records at a steady rate; the first eight bytes of each say when it was written. */
export class RecordWriter {
  readonly #sink;
  readonly #topic: string;
  readonly #partitions: number;

  constructor(client: KafkaClient, topic: string, partitions: number) {
    this.#sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 30_000 });
    this.#topic = topic;
    this.#partitions = partitions;
  }

  /** Resolves with the number of records once all of them are acked. */
  async write(perSecond: number, forMs: number): Promise<number> {
    await this.#sink.loadTopic(this.#topic);
    const accumulator = this.#sink.accumulator();
    const began = performance.now();
    const total = Math.round((perSecond * forMs) / 1000);
    let written = 0;
    let flushing: Promise<void> | undefined;
    let failure: Error | undefined;
    while (written < total && failure === undefined) {
      const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond) / 1000));
      for (; written < due; written++) {
        const partition = written % this.#partitions;
        const record = { key: null, value: stamped(), headers: [], timestamp: Date.now() };
        accumulator.append(this.#topic, partition, accumulator.measure(record));
      }
      // What comes while a request is on its way shares the next one.
      if (accumulator.count > 0) {
        flushing ??= accumulator
          .flush()
          .catch((error: unknown) => {
            failure = asError(error);
          })
          .finally(() => {
            flushing = undefined;
          });
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await flushing;
    if (failure !== undefined) throw failure;
    await accumulator.flush();
    return written;
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}

/** For how many ms a record has been on its way. */
export function ageOf(value: Buffer): number {
  return performance.now() - value.readDoubleBE(0);
}

function stamped(): Buffer {
  const value = Buffer.alloc(VALUE_BYTES);
  value.writeDoubleBE(performance.now());
  return value;
}
