import {
  ClusterConnectionPool,
  errors,
  HttpConnection,
  Serializer,
  Transport,
  type Client,
} from '@elastic/elasticsearch';
import type { ExecutionContext } from 'ava';
import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy, storeConformance } from '../../../source/testing/index.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { elasticsearchClient, sharedElasticsearch } from '../../_helpers/servers/store-servers.ts';

const elasticsearch = sharedElasticsearch();
const index = randomName('options');

elasticsearch.before(async ({ port }) => {
  const response = await fetch(`http://127.0.0.1:${port}/${index}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      settings: { number_of_replicas: 0, refresh_interval: '-1' },
      mappings: { dynamic: false },
    }),
  });
  if (!response.ok) throw new Error(await response.text());
});

/** A program's own, which gives all answers whole. */
class TransportWithMeta extends Transport {
  override request<Answer>(...[params, options]: Parameters<Transport['request']>): Promise<Answer> {
    return super.request(params, { ...options, meta: true }) as Promise<Answer>;
  }
}

/** Options with which stores do the same as without; those that do not affect one another together. */
const likeWithout: Readonly<Record<string, object>> = {
  'another Connection and ConnectionPool, sniffing and compression': {
    Connection: HttpConnection,
    ConnectionPool: ClusterConnectionPool,
    resurrectStrategy: 'optimistic',
    sniffOnStart: true,
    sniffOnConnectionFault: true,
    compression: true,
  },
  'names, headers, limits, and a Transport that asks for meta': {
    name: 'stores',
    opaqueIdPrefix: 'stores-',
    generateRequestId: () => 'id',
    context: { of: 'stores' },
    headers: { 'x-of': 'stores' },
    enableMetaHeader: false,
    disablePrototypePoisoningProtection: false,
    redaction: { type: 'remove' },
    maxRetries: 0,
    requestTimeout: 20_000,
    pingTimeout: 1_000,
    maxResponseSize: 10_000_000,
    maxCompressedResponseSize: 10_000_000,
    Transport: TransportWithMeta,
  },
};

async function passesAll(client: Client): Promise<void> {
  for (const { title, requires, run } of storeConformance) {
    // Holds documents only.
    if (requires === 'any-bytes') continue;
    const open = () => new ElasticsearchStore({ client, index });
    try {
      await run({ store: open(), reopen: open });
    } catch (cause) {
      throw new Error(title, { cause });
    }
  }
}

for (const [title, options] of Object.entries(likeWithout)) {
  elasticsearch.test(`a child of a client with ${title}`, async (t, { port }) => {
    await t.notThrowsAsync(passesAll(elasticsearchClient(t, port, options).child({ node: '' })));
  });
}

const document = Buffer.from('{"n":1}');

async function failure(t: ExecutionContext, call: Promise<unknown>, message: RegExp): Promise<StoreError> {
  return t.throwsAsync(call, { instanceOf: StoreError, message });
}

elasticsearch.test(
  'answers that are no JSON are refused, and the write may have been done',
  async (t, { port }) => {
    const client = elasticsearchClient(t, port, {
      headers: { accept: 'application/vnd.elasticsearch+yaml; compatible-with=8' },
    });
    const store = new ElasticsearchStore({ client, index });
    const key = randomName('yaml');
    const message =
      /the answer is application\/vnd\.elasticsearch\+yaml.*, not JSON: remove accept from the headers of the client/;
    const error = await failure(t, store.put(key, document), message);
    t.false(error.retriable);
    t.regex(error.message, /the write may still have been done/);
    t.false((await failure(t, store.get(key), message)).retriable);
    await failure(t, store.entries()[Symbol.asyncIterator]().next(), message);
    const plain = new ElasticsearchStore({ client: elasticsearchClient(t, port), index });
    t.deepEqual(await plain.get(key), document);
  },
);

elasticsearch.test('an answer beyond maxResponseSize would be so again', async (t, { port }) => {
  const client = elasticsearchClient(t, port, { maxResponseSize: 50 });
  const store = new ElasticsearchStore({ client, index });
  const entries = Array.from({ length: 20 }, (_none, at) => [`large-${at}`, document] as const);
  const error = await failure(t, store.putAll(entries), /maxResponseSize or maxCompressedResponseSize/);
  t.false(error.retriable);
  t.regex(error.message, /the write may still have been done/);
});

elasticsearch.test(
  'an answer that the Serializer cannot read is of a write that may have been done',
  async (t, { port }) => {
    class Unable extends Serializer {
      override deserialize(json: string): never {
        throw new errors.DeserializationError('it cannot be read', json);
      }
    }
    const store = new ElasticsearchStore({
      client: elasticsearchClient(t, port, { Serializer: Unable }),
      index,
    });
    const error = await failure(
      t,
      store.put('unread', document),
      /it cannot be read.*may still have been done/,
    );
    t.false(error.retriable);
  },
);

elasticsearch.test("the client's own requestTimeout may be the shorter one", async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  const client = elasticsearchClient(t, proxy.port, { requestTimeout: 500, maxRetries: 0 });
  const store = new ElasticsearchStore({ client, index, timeoutMs: 20_000 });
  await store.put('slow', document);
  proxy.blackHole();
  t.true((await failure(t, store.put('slow', document), /no answer from Elasticsearch/)).retriable);
  proxy.pass();
});
