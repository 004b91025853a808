// Reads and writes back batches of keys, in rounds: `getAll` and `putAll` of our store, the best
// that the bare client offers, or call by call.
import { writeSync } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';
import { json } from '../../source/index.ts';
import { ElasticsearchStore, RedisStore, withCodec } from '../../stores/index.ts';
import { measureAndPrint } from './measure.ts';

const [server, contender, port, keyCount, keysInAll] = process.argv.slice(2);
const PREFIX = 'bench';
const keys = Array.from({ length: Number(keyCount) }, (_none, at) => `key-${String(at).padStart(6, '0')}`);

/**
 * One round: reads the values of all keys, and writes one for each. Returns how many were found.
 */
type Round = () => Promise<number>;

interface Document {
  readonly n: number;
  readonly text: string;
}

/** A hundred bytes, as JSON. */
const documentOf = (n: number): Document => ({ n, text: 'x'.repeat(81) });

function redisRounds(client: Redis): Readonly<Record<string, Round>> {
  const store = new RedisStore({ client, keyPrefix: PREFIX });
  const valueOf = () => Buffer.alloc(100, 'v');
  return {
    kasper: async () => {
      const found = await store.getAll(keys);
      const entries = new Map<string, Buffer>();
      for (const key of keys) entries.set(key, found.get(key) ?? valueOf());
      await store.putAll(entries);
      return found.size;
    },
    bare: async () => {
      const values = await client.mgetBuffer(keys.map((key) => `${PREFIX}/${key}`));
      const found = new Map<string, Buffer>();
      for (const [at, value] of values.entries()) if (value !== null) found.set(keys[at] ?? '', value);
      const entries = new Map<string, Buffer>();
      for (const key of keys) entries.set(key, found.get(key) ?? valueOf());
      const flat: (string | Buffer)[] = [];
      for (const [key, value] of entries) flat.push(`${PREFIX}/${key}`, value);
      await client.mset(flat);
      return found.size;
    },
    'per-key': async () => {
      let found = 0;
      for (const key of keys) {
        const value = await client.getBuffer(`${PREFIX}/${key}`);
        if (value !== null) found++;
        await client.set(`${PREFIX}/${key}`, value ?? valueOf());
      }
      return found;
    },
  };
}

function elasticsearchRounds(client: Client): Readonly<Record<string, Round>> {
  const index = PREFIX;
  const store = withCodec(new ElasticsearchStore({ client, index, timeoutMs: 120_000 }), json<Document>());
  return {
    kasper: async () => {
      const found = await store.getAll(keys);
      const entries = new Map<string, Document>();
      for (const [n, key] of keys.entries()) entries.set(key, found.get(key) ?? documentOf(n));
      await store.putAll(entries);
      return found.size;
    },
    bare: async () => {
      const { docs } = await client.mget<Document>({ index, ids: keys });
      const found = new Map<string, Document>();
      for (const doc of docs)
        if ('found' in doc && doc.found && doc._source !== undefined) found.set(doc._id, doc._source);
      const operations: object[] = [];
      for (const [n, key] of keys.entries())
        operations.push({ index: { _id: key } }, found.get(key) ?? documentOf(n));
      const { errors } = await client.bulk({ index, operations, refresh: false });
      if (errors) throw new Error('Some documents were not written');
      return found.size;
    },
    'per-key': async () => {
      let found = 0;
      for (const [n, id] of keys.entries()) {
        const { found: isFound, _source } = await client.get<Document>({ index, id }, { ignore: [404] });
        if (isFound) found++;
        await client.index({ index, id, document: _source ?? documentOf(n) });
      }
      return found;
    },
  };
}

const redis = server === 'redis' ? new Redis(Number(port)) : undefined;
const elasticsearch =
  server === 'elasticsearch' ? new Client({ node: `http://127.0.0.1:${port ?? ''}` }) : undefined;
const rounds =
  redis !== undefined
    ? redisRounds(redis)
    : elasticsearch !== undefined
      ? elasticsearchRounds(elasticsearch)
      : {};
const round = rounds[contender ?? ''];
if (round === undefined)
  throw new Error('Usage: CONTENDER redis|elasticsearch kasper|bare|per-key PORT KEYS KEYS-IN-ALL');

const count = Math.max(1, Math.round(Number(keysInAll) / keys.length));
// A third more at first: the code is compiled as it gets warm, which is no part of what a job costs
// in the long run; and the values are there after that.
for (let done = 0; done < Math.max(1, count / 3); done++) await round();
await measureAndPrint(async () => {
  for (let done = 0; done < count; done++) {
    const found = await round();
    if (found !== keys.length) writeSync(2, `${found} of ${keys.length} keys were found\n`);
  }
  return count * keys.length;
});
redis?.disconnect();
await elasticsearch?.close();
