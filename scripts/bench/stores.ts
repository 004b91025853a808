// Compares the stores with the bare clients on a real Redis and Elasticsearch:
// `npm run bench -- stores [--runs N] [--only redis|elasticsearch] [--keys N]`. A key is one that
// is read and written back. Each run of each contender is a process of its own; contenders take
// turns, so that a machine that slows down slows all of them.
import { parseArgs } from 'node:util';
import { startElasticsearch } from '../services/elasticsearch-server.ts';
import { startRedis } from '../services/redis-server.ts';
import { runContender } from './contender.ts';
import { median } from './figures.ts';
import type { Measurement } from './measure.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    keys: { type: 'string' },
  },
});
const runs = Number(values.runs);
const BATCHES = [100, 1000, 10_000].filter(
  (size) => values.keys === undefined || size === Number(values.keys),
);
const CONTENDERS = ['kasper', 'bare', 'per-key'] as const;

/** Keys that one run reads and writes: some seconds' work. */
const servers = {
  redis: { start: startRedis, inAll: { kasper: 2_000_000, bare: 2_000_000, 'per-key': 50_000 } },
  elasticsearch: { start: startElasticsearch, inAll: { kasper: 60_000, bare: 60_000, 'per-key': 500 } },
} as const;

const titles = {
  redis: {
    kasper: 'RedisStore: getAll, putAll',
    bare: 'ioredis: mgetBuffer, mset',
    'per-key': 'ioredis: getBuffer, set, key by key',
  },
  elasticsearch: {
    kasper: 'ElasticsearchStore, json: getAll, putAll',
    bare: 'its client: mget, bulk',
    'per-key': 'its client: get, index, key by key',
  },
} as const;

for (const name of ['redis', 'elasticsearch'] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  const { start, inAll } = servers[name];
  const server = await start();
  try {
    for (const size of BATCHES) await compare(name, server.port, size, inAll);
  } finally {
    await server.stop();
  }
}

async function compare(
  name: keyof typeof servers,
  port: number,
  size: number,
  inAll: Readonly<Record<(typeof CONTENDERS)[number], number>>,
): Promise<void> {
  const measured = new Map<string, Measurement[]>(CONTENDERS.map((contender) => [contender, []]));
  for (let run = 0; run < runs; run++) {
    // The one that begins changes, too.
    for (const contender of run % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
      // One after another there is no batch to speak of: no more keys than it takes to know.
      const keys = contender === 'per-key' ? Math.min(size, inAll['per-key']) : size;
      const args = [name, contender, String(port), String(keys), String(inAll[contender])];
      measured.get(contender)?.push(await runContender('contender-store.js', {}, args));
    }
  }
  console.log(`\n${name}, batches of ${size} keys with 100 bytes, medians of ${runs} runs`);
  const of = (contender: string, figure: (one: Measurement) => number) =>
    (measured.get(contender) ?? []).map(figure);
  const wall = ({ seconds, records }: Measurement) => (seconds / records) * 1e6;
  const cpu = ({ cpuSeconds, records }: Measurement) => (cpuSeconds / records) * 1e6;
  for (const contender of CONTENDERS) {
    const pairs = (figure: (one: Measurement) => number) => {
      const peer = of('bare', figure);
      return median(of(contender, figure).map((value, at) => value / (peer[at] ?? NaN)));
    };
    console.log(
      `  ${titles[name][contender].padEnd(42)} ${median(of(contender, wall)).toFixed(1)} µs a key, ${pairs(wall).toFixed(2)} x;  ` +
        `${median(of(contender, cpu)).toFixed(1)} µs CPU, ${pairs(cpu).toFixed(2)} x;  ` +
        `${median(of(contender, ({ peakMegabytes }) => peakMegabytes)).toFixed(0)} MB peak`,
    );
  }
}
