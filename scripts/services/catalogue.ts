import { elasticsearchRelease, elasticsearchVersion, startElasticsearch } from './elasticsearch-server.ts';
import { kafkaVersion } from './kafka-class-path.ts';
import { describeKafka, fetchVersionOf41 } from './kafka-probe.ts';
import { startKafka } from './kafka-server.ts';
import type { Lifetime } from './own-process.ts';
import { redisVersion, startRedis } from './redis-server.ts';
import type { StartedServer, StartOptions } from './started-server.ts';

export const serviceNames = ['kafka', 'kafka3', 'redis', 'elasticsearch'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface LocalOptions {
  readonly ports: 'default' | 'free';
  readonly lifetime: Lifetime;
  readonly folder?: string;
}

/** Processes of this machine that we started. */
export interface LocalService {
  readonly addresses: readonly string[];
  readonly pids: readonly number[];
  readonly folder: string;
  stop(): Promise<void>;
}

/** A service that specs, examples and benchmarks use. */
export interface Service {
  readonly name: ServiceName;
  readonly title: string;
  /** Where it is looked for and started, on 127.0.0.1; compose.yaml publishes the same ports. */
  readonly ports: readonly number[];
  /** Its services in compose.yaml. */
  readonly composeServices: readonly string[];
  /**
   * @throws Error that says what listens there instead: nothing, another version, another number of
   *   nodes
   */
  check(): Promise<void>;
  /** @throws MissingServiceError */
  startLocal(options: LocalOptions): Promise<LocalService>;
}

export const services: Readonly<Record<ServiceName, Service>> = {
  kafka: kafkaService('kafka', [9092], ['kafka']),
  kafka3: kafkaService('kafka3', [19092, 29092, 39092], ['kafka-1', 'kafka-2', 'kafka-3']),
  redis: {
    name: 'redis',
    title: 'Redis 7',
    ports: [6379],
    composeServices: ['redis'],
    check: async () => {
      const version = await redisVersion(6379);
      if (Number.parseInt(version) < 7) throw new Error(`127.0.0.1:6379 is Redis ${version}, not 7 or newer`);
    },
    startLocal: (options) => startOne(startRedis, 6379, options),
  },
  elasticsearch: {
    name: 'elasticsearch',
    title: `Elasticsearch ${elasticsearchVersion}`,
    ports: [9200],
    composeServices: ['elasticsearch'],
    check: async () => {
      const version = await elasticsearchRelease(9200);
      if (!version.startsWith('8.')) throw new Error(`127.0.0.1:9200 is Elasticsearch ${version}, not 8`);
    },
    startLocal: (options) => startOne(startElasticsearch, 9200, options),
  },
};

function kafkaService(
  name: 'kafka' | 'kafka3',
  ports: readonly number[],
  composeServices: readonly string[],
): Service {
  const nodes = ports.length;
  return {
    name,
    title: `Kafka ${kafkaVersion} with ${nodes === 1 ? 'one node' : `${nodes} nodes`}`,
    ports,
    composeServices,
    check: async () => {
      for (const port of ports) {
        const found = await describeKafka(`127.0.0.1:${port}`);
        if (found.nodes !== nodes || found.fetchVersion < fetchVersionOf41) {
          throw new Error(
            `127.0.0.1:${port} is a Kafka of ${found.nodes} nodes that serves Fetch up to version ${found.fetchVersion}; ` +
              `wanted are ${nodes} and ${fetchVersionOf41} (Kafka 4.1) or newer`,
          );
        }
      }
    },
    startLocal: async ({ ports: which, lifetime, folder }) => {
      const server = await startKafka({
        nodes: nodes === 1 ? 1 : 3,
        lifetime,
        ...(which === 'default' ? { ports } : {}),
        ...(folder === undefined ? {} : { folder }),
      });
      return {
        addresses: server.brokers,
        pids: server.nodes.map((node) => node.pid),
        folder: server.folder,
        stop: () => server.stop(),
      };
    },
  };
}

async function startOne(
  start: (options: StartOptions) => Promise<StartedServer>,
  port: number,
  { ports, lifetime, folder }: LocalOptions,
): Promise<LocalService> {
  const server = await start({
    lifetime,
    ...(ports === 'default' ? { port } : {}),
    ...(folder === undefined ? {} : { folder }),
  });
  return {
    addresses: [`${server.host}:${server.port}`],
    pids: [server.pid],
    folder: server.folder,
    stop: () => server.stop(),
  };
}
