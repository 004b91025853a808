import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { openClient, silentLogger, type KafkaClient } from '../../source/index.ts';
import { kafkaVersion } from '../services/kafka-class-path.ts';
import { startKafka } from '../services/kafka-server.ts';
import { fillInput } from './fill.ts';
import type { InputShape } from './input-records.ts';
import type { Ground } from './ground.ts';

/** The Kafka of a bench, and the topics there that are in use. */
export class BenchCluster {
  readonly brokers: readonly string[];
  /** For the tables: which Kafka it is. */
  readonly title: string;
  readonly client: KafkaClient;
  readonly #admin: ReturnType<Kafka['admin']>;
  readonly #stop: () => Promise<void>;
  readonly #inputs = new Map<string, string>();
  #ground = '';

  private constructor(brokers: readonly string[], title: string, stop: () => Promise<void>) {
    this.brokers = brokers;
    this.title = title;
    this.client = openClient({ brokers: [...brokers] }, { logger: silentLogger });
    this.#admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    this.#stop = stop;
  }

  /** Connects to these brokers, or to a Kafka of one node that it starts. */
  static async open(brokers: readonly string[] | undefined): Promise<BenchCluster> {
    const server =
      brokers === undefined
        ? await startKafka({ nodes: 1, properties: { 'log.segment.delete.delay.ms': '1000' } })
        : undefined;
    const cluster = new BenchCluster(
      brokers ?? server?.brokers ?? [],
      server === undefined
        ? `Kafka at ${brokers?.join(', ') ?? ''}`
        : `Apache Kafka ${kafkaVersion}, one broker`,
      async () => {
        await server?.stop();
      },
    );
    try {
      await cluster.client.connect();
      await cluster.#admin.connect();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /**
   * A topic of this shape; one that was filled before is used again, until a topic on another ground
   * is asked for: those of a whole matrix would fill the disk.
   */
  async input(shape: InputShape, ground: Ground): Promise<string> {
    await this.#keepInputsOf(JSON.stringify(ground));
    const key = JSON.stringify(shape);
    const found = this.#inputs.get(key);
    if (found !== undefined) return found;
    const topic = `bench-in-${randomUUID()}`;
    this.#inputs.set(key, topic);
    await fillInput(this.client, topic, shape, ground.compression);
    return topic;
  }

  /**
   * A new topic, all of whose partitions have a leader: of a thousand that takes seconds, in which
   * one client would wait, and another one give up.
   */
  async createOutput(partitionCount: number): Promise<string> {
    const topic = `bench-out-${randomUUID()}`;
    await this.client.createTopics([{ topic, partitionCount }]);
    const partitions = Array.from({ length: partitionCount }, (_none, partition) => ({ topic, partition }));
    await this.client.listOffsets('latest', partitions, 'read_uncommitted');
    return topic;
  }

  /** Deletes topics (DeleteTopics). */
  async delete(topics: readonly string[]): Promise<void> {
    if (topics.length > 0) await this.#admin.deleteTopics({ topics: [...topics], timeout: 30_000 });
  }

  /** Deletes all inputs. */
  async deleteInputs(): Promise<void> {
    await this.delete([...this.#inputs.values()]);
    this.#inputs.clear();
  }

  async #keepInputsOf(ground: string): Promise<void> {
    if (ground === this.#ground) return;
    this.#ground = ground;
    await this.deleteInputs();
  }

  /** Ends the connections, and a Kafka that it started. */
  async close(): Promise<void> {
    await this.#admin.disconnect();
    await this.client.close();
    await this.#stop();
  }
}
