import { startElasticsearch } from '../../scripts/services/elasticsearch-server.ts';
import { startKafka, type KafkaServer } from '../../scripts/services/kafka-server.ts';
import { isListening } from '../../scripts/services/listening.ts';
import { startRedis } from '../../scripts/services/redis-server.ts';
import { BrokerProxies, FaultProxy } from '../../source/testing/index.ts';
import { until } from '../_helpers/until.ts';
import { OwnServer, type KillableServer } from './own-server.ts';
import { SmallDisk } from './small-disk.ts';

/** A store's server, and the proxy through which workers reach it. */
export interface StoreServer {
  readonly server: KillableServer;
  readonly proxy: FaultProxy;
}

/** The servers of a campaign. They outlive the workloads that run on them. */
export interface Servers {
  readonly kafka: KafkaServer;
  /** Before all nodes of Kafka. */
  readonly network: BrokerProxies;
  readonly redis: StoreServer | undefined;
  readonly elasticsearch: StoreServer | undefined;
  /** What the last of three nodes of Kafka writes to; undefined where there is none. */
  readonly disk: SmallDisk | undefined;
  stop(): Promise<void>;
}

export interface ServersOptions {
  readonly nodes: 1 | 3;
  readonly redis: boolean;
  readonly elasticsearch: boolean;
  /** The last of three nodes of Kafka has a disk that can be filled. */
  readonly hasSmallDisk: boolean;
}

/** Starts servers on free ports; they end with this process at the latest. */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const disk = options.hasSmallDisk && options.nodes === 3 ? await SmallDisk.mount() : undefined;
  const [kafka, redis, elasticsearch] = await Promise.all([
    startKafka({ nodes: options.nodes, ...(disk === undefined ? {} : { folder: disk.folder }) }),
    options.redis ? storeServer(await startOwnRedis()) : undefined,
    options.elasticsearch ? storeServer(await startOwnElasticsearch()) : undefined,
  ]);
  const network = await BrokerProxies.start({ brokers: kafka.brokers });
  return {
    kafka,
    network,
    redis,
    elasticsearch,
    disk,
    stop: async () => {
      const stores = [redis, elasticsearch].filter((each) => each !== undefined);
      await Promise.all([network.close(), ...stores.map(({ proxy }) => proxy.close())]);
      await Promise.all(stores.map(({ server }) => server.stop()));
      await disk?.unmount();
      await kafka.stop();
    },
  };
}

async function storeServer(server: KillableServer): Promise<StoreServer> {
  return { server, proxy: await FaultProxy.start({ target: { port: server.port } }) };
}

/** What was acked is on its disk. */
function startOwnRedis(): Promise<KillableServer> {
  const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
  return OwnServer.start({ start: (at) => startRedis({ args, ...at }), kill: (server) => server.kill() });
}

function startOwnElasticsearch(): Promise<KillableServer> {
  return OwnServer.start({
    start: (at) => startElasticsearch({ isShortLived: true, ...at }),
    kill: async ({ port }) => {
      // Its launcher outlives it; it is not what keeps the port.
      const answer = await fetch(`http://127.0.0.1:${port}/_nodes/process?filter_path=nodes.*.process.id`);
      const id = /"id":(\d+)/.exec(await answer.text())?.[1];
      if (id === undefined) throw new Error(`The Elasticsearch of port ${port} names no process`);
      process.kill(Number(id), 'SIGKILL');
      await until(async () => !(await isListening(port)), {
        deadlineMs: 30_000,
        what: `port ${port} to be free`,
      });
    },
  });
}
