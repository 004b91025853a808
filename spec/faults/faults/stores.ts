import { until } from '../../_helpers/until.ts';
import type { Fault, InjectedFault } from '../fault.ts';
import type { StoreServer } from '../servers.ts';
import type { World } from '../world.ts';
import { feltByConnections, noticed } from './felt.ts';

type StoreKind = 'redis' | 'elasticsearch';

interface StoreFault {
  readonly name: string;
  readonly long?: boolean;
  readonly ms: readonly [from: number, to: number];
  readonly strike: (store: StoreServer) => void | Promise<void>;
  readonly heal: (store: StoreServer) => void | Promise<void>;
  /** What workers notice of it; undefined: connections that are made again show it, too. */
  readonly shows?: RegExp;
}

function ofStore(kind: StoreKind, { name, long = false, ms, strike, heal, shows }: StoreFault): Fault {
  return {
    name: `${kind}-${name}`,
    needs: [kind],
    long,
    plan: (random) => ({ lastsMs: random.between(...ms) }),
    async inject(world): Promise<InjectedFault> {
      const store = storeOf(world, kind);
      const since = performance.now();
      const felt = feltByConnections(world, {
        accepted: () => store.proxy.accepted,
        heal: () => heal(store),
      });
      await strike(store);
      if (shows === undefined) return felt;
      const mark = () => noticed(world, since, shows);
      return { ...felt, isFelt: () => mark() !== undefined, mark: () => Promise.resolve(mark()) };
    },
    allows: [],
  };
}

function storeOf({ servers }: World, kind: StoreKind): StoreServer {
  const store = servers[kind];
  if (store === undefined) throw new Error(`There is no ${kind}`);
  return store;
}

const killed = {
  strike: ({ server }: StoreServer) => server.kill(),
  heal: ({ server }: StoreServer) => server.startAgain(),
};
const refusing = {
  name: 'refusing',
  ms: [3_000, 6_000] as const,
  strike: ({ proxy }: StoreServer) => {
    proxy.refuse();
  },
  heal: ({ proxy }: StoreServer) => {
    proxy.pass();
  },
};
/** Slower than a store's time limit at first, so that calls fail; then it answers, late. */
const slow = {
  name: 'slow',
  ms: [6_000, 8_000] as const,
  strike: ({ proxy }: StoreServer) => {
    proxy.link({ latencyMs: 6_000, jitterMs: 500 });
  },
  heal: ({ proxy }: StoreServer) => {
    proxy.pass();
  },
};

async function redisConfig({ server }: StoreServer, ...settings: readonly string[]): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis({ host: '127.0.0.1', port: server.port });
  try {
    for (const setting of settings) await client.config('SET', ...(setting.split(' ') as [string, string]));
  } finally {
    client.disconnect();
  }
}

/** For the first write of a job, with which its index comes to be. */
const INDEX_MS = 30_000;

/**
 * What Elasticsearch does to its indices when its disk passes the flood stage: writes are refused
 * with 429.
 */
async function blockWrites({ server }: StoreServer, isBlocked: boolean): Promise<void> {
  const url = `http://127.0.0.1:${server.port}/_all/_settings`;
  const block = async () => {
    const answer = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ 'index.blocks.read_only_allow_delete': isBlocked ? true : null }),
    });
    if (answer.ok) return true;
    const text = await answer.text();
    if (!text.includes('index_not_found_exception'))
      throw new Error(`Elasticsearch refused its settings: ${text}`);
    return false;
  };
  await until(block, { deadlineMs: INDEX_MS, everyMs: 100, what: `an index at ${url}` });
}

export const redisFaults: readonly Fault[] = [
  ofStore('redis', { name: 'killed', ms: [500, 3_000], ...killed }),
  ofStore('redis', slow),
  ofStore('redis', refusing),
  ofStore('redis', {
    name: 'full',
    ms: [2_000, 5_000],
    strike: (store) => redisConfig(store, 'maxmemory-policy noeviction', 'maxmemory 1'),
    heal: (store) => redisConfig(store, 'maxmemory 0'),
    shows: /OOM|maxmemory/,
  }),
];

export const elasticsearchFaults: readonly Fault[] = [
  // It takes some 15 s to start.
  ofStore('elasticsearch', { name: 'killed', long: true, ms: [0, 3_000], ...killed }),
  ofStore('elasticsearch', slow),
  ofStore('elasticsearch', refusing),
  ofStore('elasticsearch', {
    name: 'full',
    ms: [2_000, 5_000],
    strike: (store) => blockWrites(store, true),
    heal: (store) => blockWrites(store, false),
    shows: /cluster_block_exception|read-only/,
  }),
];
