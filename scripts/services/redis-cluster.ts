import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePrograms, run } from './programs.ts';
import { startRedis, type RedisServer } from './redis-server.ts';
import { startOnFreePorts } from './started-server.ts';
import { until } from './until.ts';

const MASTERS = 3;
const NODES = 2 * MASTERS;
const host = '127.0.0.1';

/** A Redis Cluster that we started: three masters, each with a replica. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Ends it and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

/** How a Redis Cluster is started. */
export interface RedisClusterOptions {
  /**
   * A master that says nothing for this long is replaced by its replica. Default 2,000 ms: on a busy
   * machine one that only had to wait may be taken for gone.
   */
  readonly nodeTimeoutMs?: number;
}

/**
 * Starts a Redis Cluster of three masters with a replica each.
 *
 * @throws MissingServiceError without redis-server or redis-cli
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { 'redis-cli': cli } = requirePrograms('Redis Cluster', ['redis-cli', 'redis-server']);
  return startOnFreePorts(2 * NODES, (ports) => startOn(ports, cli, options));
}

async function startOn(
  ports: readonly number[],
  cli: string,
  { nodeTimeoutMs = 2_000 }: RedisClusterOptions,
): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-redis-cluster-'));
  const nodes: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const [at, port] of ports.slice(0, NODES).entries()) {
      const ownFolder = join(folder, String(at));
      await mkdir(ownFolder);
      const args = clusterArgs(ports[NODES + at] ?? 0, nodeTimeoutMs);
      nodes.push(await startRedis({ port, folder: ownFolder, args }));
    }
    const addresses = nodes.map((node) => `${host}:${node.port}`);
    await run(cli, ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'], {
      timeoutMs: 60_000,
    });
    for (const { port } of nodes) await untilReady(cli, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

function clusterArgs(busPort: number, nodeTimeoutMs: number): string[] {
  return [
    ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
    ...['--cluster-node-timeout', String(nodeTimeoutMs)],
    // A replica that has not heard of its master for long would not take over.
    ...['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0'],
  ];
}

async function untilReady(cli: string, port: number): Promise<void> {
  const ask = async (...command: string[]) =>
    (await run(cli, ['-h', host, '-p', String(port), ...command], { timeoutMs: 5_000 })).stdout;
  await until(
    async () =>
      (await ask('cluster', 'info')).includes('cluster_state:ok') &&
      (await ask('cluster', 'nodes')).trim().split('\n').length === NODES &&
      // A master with its replica, or a replica with its master.
      /connected_slaves:1|master_link_status:up/.test(await ask('info', 'replication')),
    { deadlineMs: 30_000, everyMs: 100, what: `the cluster to be ready at port ${port}` },
  );
}
