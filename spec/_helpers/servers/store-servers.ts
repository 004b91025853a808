import test, { type ExecutionContext } from 'ava';
import { Client } from '@elastic/elasticsearch';
import { Cluster, Redis } from 'ioredis';
import {
  startElasticsearch,
  type StartElasticsearchOptions,
} from '../../../scripts/services/elasticsearch-server.ts';
import { findProgram, type ProgramName } from '../../../scripts/services/programs.ts';
import { startRedisCluster, type RedisClusterOptions } from '../../../scripts/services/redis-cluster.ts';
import { startRedis } from '../../../scripts/services/redis-server.ts';
import { sharedElasticsearchPort } from '../../../scripts/services/shared-servers.ts';
import type { StartedServer } from '../../../scripts/services/started-server.ts';
import { testWith } from './services.ts';

/**
 * A server that the specs of a file share, and perhaps other files: there before them, ended after
 * them. Each uses names of its own.
 */
interface Shared<Server> {
  readonly test: (
    title: string,
    implementation: (t: ExecutionContext, server: Server) => Promise<void>,
  ) => void;
  /** Runs once, before the specs; not where there is no server. */
  readonly before: (prepare: (server: Server) => Promise<void>) => void;
}

function shared<Server extends Pick<StartedServer, 'stop'>>(
  programs: readonly ProgramName[],
  start: () => Promise<Server>,
): Shared<Server> {
  let server: Server | undefined;
  const canStart = programs.every((program) => findProgram(program) !== undefined);
  if (canStart) {
    test.before(async (t) => {
      // The first time Maven fetches Elasticsearch.
      t.timeout(300_000);
      server = await start();
    });
    test.after.always(async () => {
      await server?.stop();
    });
  }
  return {
    before: (prepare) => {
      if (!canStart) return;
      test.before(async () => {
        if (server !== undefined) await prepare(server);
      });
    },
    test: (title, implementation) => {
      // One after another: hundreds of specs at the same time would be a test of the machine.
      testWith(
        programs,
        title,
        async (t) => {
          if (server === undefined) throw new Error('The server was not started');
          await implementation(t, server);
        },
        test.serial,
      );
    },
  };
}

export const sharedRedis = () => shared(['redis-server'], () => startRedis());
export const sharedRedisCluster = (options: RedisClusterOptions = {}) =>
  shared(['redis-server', 'redis-cli'], () => startRedisCluster(options));
export const sharedElasticsearch = () => shared(['java', 'mvn'], elasticsearchOfRun);

/** One of this file alone, with settings of its own, which may be killed. */
export const ownElasticsearch = (options: StartElasticsearchOptions) =>
  shared(['java', 'mvn'], () => startElasticsearch({ ...options, isShortLived: true }));

const { KASPER_SHARED_SERVERS: sharedUrl } = process.env;

/** That of the whole run, which others use, too; without `npm test` one of this file. */
export async function elasticsearchOfRun(): Promise<Pick<StartedServer, 'port' | 'stop'>> {
  if (sharedUrl === undefined) return startElasticsearch({ isShortLived: true });
  return { port: await sharedElasticsearchPort(sharedUrl), stop: () => Promise.resolve() };
}

/** Errors of the connection reach the spec by the calls that they end. */
const quietly = () => undefined;

/** A client of a Redis of 127.0.0.1, closed when the spec ends. */
export function redisClient(t: ExecutionContext, port: number, options: object = {}): Redis {
  const client = new Redis({ host: '127.0.0.1', port, ...options });
  client.on('error', quietly);
  t.teardown(() => {
    client.disconnect();
  });
  return client;
}

/** A client of a Redis Cluster of 127.0.0.1, closed when the spec ends. */
export function clusterClient(
  t: ExecutionContext,
  nodes: readonly { readonly port: number }[],
  options: object = {},
): Cluster {
  const client = new Cluster(
    nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    options,
  );
  client.on('error', quietly);
  t.teardown(() => {
    client.disconnect();
  });
  return client;
}

/** A client of an Elasticsearch of 127.0.0.1, closed when the spec ends. */
export function elasticsearchClient(t: ExecutionContext, port: number, options: object = {}): Client {
  const client = new Client({ node: `http://127.0.0.1:${port}`, ...options });
  t.teardown(() => client.close());
  return client;
}
