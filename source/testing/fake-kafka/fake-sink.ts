import type { KafkaObserver } from '../../kafka/client.ts';
import type { RecordAccumulator, RecordSink } from '../../kafka/sink.ts';
import { type KasperError, ProduceError } from '../../kernel/errors.ts';
import { FakeAccumulator, type FakePile } from './fake-accumulator.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeCall } from './fake-requests.ts';

/** Asks a fake cluster, for one client. */
export interface FakeAsker {
  readonly observer: KafkaObserver | undefined;
  /** A request: fails if the client is closed, before or meanwhile. */
  ask(call: FakeCall): Promise<void>;
}

/** Appends what is flushed, without batches or sequence numbers. */
export class FakeSink implements RecordSink {
  readonly #cluster: FakeCluster;
  readonly #client: FakeAsker;
  readonly #known = new Set<string>();

  constructor(cluster: FakeCluster, client: FakeAsker) {
    this.#cluster = cluster;
    this.#client = client;
  }

  partitionCount(topic: string): number | undefined {
    return this.#known.has(topic) ? this.#cluster.topics.partitionCount(topic) : undefined;
  }

  async loadTopic(topic: string): Promise<number> {
    await this.#client.ask({ name: 'loadTopic', topic });
    const partitionCount = this.#cluster.topics.partitionCount(topic);
    if (partitionCount === undefined) throw new ProduceError(`Topic '${topic}' does not exist`);
    this.#known.add(topic);
    return partitionCount;
  }

  accumulator(): RecordAccumulator {
    return new FakeAccumulator({ send: (piles) => this.#sendAll(piles) });
  }

  close(): Promise<void> {
    return this.#cluster.answer({ name: 'closeSink' });
  }

  async #sendAll(piles: readonly FakePile[]): Promise<void> {
    const outcomes = await Promise.all(piles.map((pile) => this.#send(pile)));
    const failed = outcomes.filter(({ error }) => error !== undefined);
    if (failed.length === 0) return;
    throw new ProduceError(
      `Records could not be sent: ${failed.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')}`,
      { acked: outcomes.filter(({ error }) => error === undefined), failed, cause: failed[0]?.error },
    );
  }

  async #send(pile: FakePile) {
    const { topic, partition } = pile;
    const records = pile.records.splice(0);
    const { bytes } = pile;
    const outcome = { topic, partition, records: records.length };
    if (records.length === 0) return { ...outcome, error: undefined };
    try {
      await this.#client.ask({ name: 'produce', topic, partition, count: records.length });
    } catch (error) {
      pile.records.unshift(...records);
      this.#client.observer?.onError('Produce', error as KasperError, [{ topic, partition }]);
      return { ...outcome, error };
    }
    pile.bytes -= bytes;
    this.#client.observer?.onAcked(topic, partition, records.length, bytes);
    this.#cluster.appendAll(
      { topic, partition },
      records.map((record) => ({ value: null, ...record })),
    );
    this.#cluster.calls.push({ name: 'produced', topic, partition, count: records.length });
    return { ...outcome, error: undefined };
  }
}
