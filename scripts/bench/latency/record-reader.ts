import { EventEmitter, once } from 'node:events';
import type { KafkaClient, PartitionReader } from '../../../source/index.ts';
import { ageOf } from './record-writer.ts';

/** Reads a topic as its records come, and keeps how long each was on its way. */
export class RecordReader {
  readonly #source;
  readonly #arrived = new EventEmitter();
  #agesMs: number[] = [];

  constructor(client: KafkaClient, topic: string, partitions: number) {
    this.#source = client.source({
      isolation: 'read_committed',
      fetchMaxWaitMs: 250,
      retryTimeoutMs: 30_000,
      maxInflatedBytes: 16_000_000,
      // What is read is not kept.
      budget: { available: 64_000_000, reserve: (bytes) => bytes, release: none, onceFree: none },
    });
    const reader: PartitionReader = {
      take: ({ messages }) => {
        for (const { value } of messages.slice()) if (value !== null) this.#agesMs.push(ageOf(value));
        this.#arrived.emit('arrived');
      },
      outOfRange: ({ earliest }) => earliest,
      failed: (error) => {
        this.#arrived.emit('error', error);
      },
    };
    for (let partition = 0; partition < partitions; partition++)
      this.#source.add({ topic, partition, offset: 0, leaderEpoch: -1 }, reader);
  }

  /** Resolves with the ages of `count` records since the last call, in ms. */
  async take(count: number): Promise<readonly number[]> {
    while (this.#agesMs.length < count)
      await once(this.#arrived, 'arrived', { signal: AbortSignal.timeout(30_000) });
    if (this.#agesMs.length > count) throw new Error(`${this.#agesMs.length} records came, not ${count}`);
    const ages = this.#agesMs;
    this.#agesMs = [];
    return ages;
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function none(): void {
  // Nothing to give back.
}
