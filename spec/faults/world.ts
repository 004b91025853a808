import { randomBytes } from 'node:crypto';
import { createKafkaTopic } from '../../scripts/services/kafka-probe.ts';
import { groupIdOf, openClient, silentLogger, type KafkaClient } from '../../source/index.ts';
import { until } from '../_helpers/until.ts';
import type { FaultKind } from './fault-kind.ts';
import { CommitBooks } from './commit-books.ts';
import { Fleet } from './fleet.ts';
import { Generator } from './generator.ts';
import { InputBooks } from './input-books.ts';
import type { Servers } from './servers.ts';
import type { Workload } from './workload.ts';

/** Longer than any outage of the campaign. */
const RETRY_MS = 600_000;

export interface WorldOptions {
  readonly servers: Servers;
  readonly workload: Workload;
  readonly seed: number;
  /** Records a second, all partitions together. */
  readonly rate: number;
  readonly workers: number;
  /** See {@link Fleet}. */
  readonly hasNames: boolean;
  /** The folder `dist` of the build that the workers run. */
  readonly build: string;
}

/** One workload at work: servers, what is written, who processes it. What faults act upon. */
export class World {
  readonly servers: Servers;
  readonly workload: Workload;
  readonly seed: number;
  /** Of everything that this run has on the servers. */
  readonly prefix: string;
  readonly groupId: string;
  /** Straight to Kafka, past the proxies. */
  readonly client: KafkaClient;
  readonly input: InputBooks;
  readonly generator: Generator;
  readonly commits: CommitBooks;
  readonly fleet: Fleet;

  private constructor(options: WorldOptions, prefix: string, client: KafkaClient) {
    const { servers, workload, seed, rate } = options;
    this.servers = servers;
    this.workload = workload;
    this.seed = seed;
    this.prefix = prefix;
    this.groupId = groupIdOf(prefix);
    this.client = client;
    const [input] = this.partitionsOf('input');
    if (input === undefined) throw new Error(`${workload.name} has no input`);
    this.input = new InputBooks(workload, seed, this.inputPartitions.length);
    this.generator = new Generator({ client, topic: input.topic, books: this.input, rate });
    this.commits = new CommitBooks({
      client,
      groupId: this.groupId,
      inputs: this.partitionsOf('input'),
      outputs: this.partitionsOf('output'),
    });
    this.fleet = new Fleet({
      start: {
        workload: workload.name,
        seed,
        prefix,
        brokers: servers.kafka.brokers,
        proxies: servers.network.ports,
        ...(this.redisUrl === undefined
          ? {}
          : { redisUrl: `redis://127.0.0.1:${servers.redis?.proxy.port}` }),
        ...(this.elasticsearchUrl === undefined
          ? {}
          : { elasticsearchUrl: `http://127.0.0.1:${servers.elasticsearch?.proxy.port}` }),
      },
      build: options.build,
      places: Array.from({ length: options.workers }, (_none, place) =>
        this.inputPartitions.filter((partition) => partition % options.workers === place),
      ),
      nodeArguments: workload.nodeArguments ?? [],
      hasNames: options.hasNames,
    });
  }

  /** Makes the topics and starts everything; resolves when all partitions are at work. */
  static async start(options: WorldOptions): Promise<World> {
    const { servers, workload } = options;
    const prefix = `faults-${workload.name}-${randomBytes(4).toString('hex')}`;
    for (const { name, partitions, config = {} } of workload.topics)
      await createKafkaTopic(servers.kafka.brokers, {
        topic: `${prefix}-${name}`,
        partitions,
        replicas: servers.kafka.nodes.length,
        config,
      });
    const client = openClient(
      { brokers: [...servers.kafka.brokers] },
      { logger: silentLogger, retryTimeoutMs: RETRY_MS },
    );
    await client.connect();
    const world = new World(options, prefix, client);
    try {
      await world.fleet.untilStarted();
    } catch (error) {
      await world.abandon();
      throw error;
    }
    return world;
  }

  /** Straight to the server, past its proxy; undefined if the workload has none. */
  get redisUrl(): string | undefined {
    return this.workload.services.includes('redis')
      ? `redis://127.0.0.1:${this.servers.redis?.server.port}`
      : undefined;
  }

  get elasticsearchUrl(): string | undefined {
    return this.workload.services.includes('elasticsearch')
      ? `http://127.0.0.1:${this.servers.elasticsearch?.server.port}`
      : undefined;
  }

  get inputPartitions(): readonly number[] {
    return this.partitionsOf('input').map(({ partition }) => partition);
  }

  /** Whether this world has what a fault needs. */
  canDo({ needs }: FaultKind): boolean {
    return needs.every((need) => {
      switch (need) {
        case 'three-nodes':
          return this.servers.kafka.nodes.length === 3;
        case 'redis':
        case 'elasticsearch':
          return this.workload.services.includes(need);
        case 'lasting-worker':
          return this.workload.isBounded !== true;
        case 'input-once':
          return this.workload.readsInputAgain !== true;
        case 'dead-letters':
          return this.partitionsOf('dead-letter').length > 0;
        case 'worker':
        case 'kafka':
        case 'proxy':
          return true;
      }
    });
  }

  /** Kafka's name of a topic of the workload. */
  topic(name: string): string {
    return `${this.prefix}-${name}`;
  }

  /** All partitions of the topics of a role, by Kafka's names. */
  partitionsOf(
    role: 'input' | 'output' | 'dead-letter',
  ): { readonly topic: string; readonly partition: number }[] {
    return this.workload.topics
      .filter((topic) => topic.role === role)
      .flatMap(({ name, partitions }) =>
        Array.from({ length: partitions }, (_none, partition) => ({ topic: this.topic(name), partition })),
      );
  }

  /**
   * Resolves when the group has committed all that is in the input now. By the ends of its logs, not by
   * the number of records: others may have written to it, and aborted that.
   *
   * @throws Error after `deadlineMs`
   */
  async untilCommitted(deadlineMs: number): Promise<void> {
    const inputs = this.partitionsOf('input');
    const ends = await this.client.listOffsets('latest', inputs, 'read_committed');
    await until(
      async () => {
        const committed = await this.client.group(this.groupId).fetch(inputs);
        return committed.every(({ offset = 0 }, at) => offset >= (ends[at]?.offset ?? 0));
      },
      { deadlineMs, what: 'all that was written to be committed' },
    );
  }

  /** Ends what is left of it, whatever its state. The servers stay. */
  async abandon(): Promise<void> {
    await this.fleet.kill();
    await this.client.close();
  }
}
