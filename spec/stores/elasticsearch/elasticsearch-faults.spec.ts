import type { Client } from '@elastic/elasticsearch';
import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { elasticsearchClient, sharedElasticsearch } from '../../_helpers/servers/store-servers.ts';
import { sumUnderFault, type StoreFault } from '../../_helpers/jobs/sum-job.ts';

const elasticsearch = sharedElasticsearch();

interface Scene {
  readonly proxy: FaultProxy;
  readonly admin: Client;
  readonly index: string;
}

function block({ admin, index }: Scene, name: 'write' | 'read_only_allow_delete'): StoreFault {
  const set = async (value: boolean | null) => {
    await admin.indices.putSettings({ index, settings: { [`index.blocks.${name}`]: value } });
  };
  return { strike: () => set(true), heal: () => set(null) };
}

const isOdd = (key: string) => /[13579]$/.test(key);

const faults: Readonly<
  Record<
    string,
    { of: (scene: Scene) => StoreFault; message: RegExp; timeoutMs?: number; retriable: boolean }
  >
> = {
  'the reply is cut in half': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.cutAfter(150);
      },
      heal: () => undefined,
    }),
    message: /no answer from Elasticsearch: .*\(the client reconnects with the next request\)/,
    retriable: true,
  },
  'the connection is reset while the reply is on its way': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.link({ latencyMs: 2_000 }, 'to-client');
        setTimeout(() => {
          proxy.reset();
        }, 1_000);
      },
      heal: () => {
        proxy.pass();
      },
    }),
    message: /no answer from Elasticsearch/,
    retriable: true,
  },
  'the server stops answering': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.blackHole();
      },
      heal: () => {
        // Those that hang are the client's to drop.
        proxy.reset();
        proxy.pass();
      },
    }),
    message: /no answer within timeoutMs \(4000 ms\).* the write may still have been done/,
    timeoutMs: 4_000,
    retriable: true,
  },
  'the disk is at flood stage': {
    of: (scene) => block(scene, 'read_only_allow_delete'),
    message: /status 429 cluster_block_exception/,
    retriable: true,
  },
  'the index is read-only': {
    of: (scene) => block(scene, 'write'),
    message: /status 403 cluster_block_exception/,
    retriable: false,
  },
  'some documents do not fit the mapping, and the others are written': {
    of: () => ({
      strike: () => undefined,
      heal: () => undefined,
      spoil: (key, value) => (isOdd(key) ? Buffer.from('{"sum":"text"}') : value),
      isFailing: isOdd,
    }),
    message:
      /failed for 5 of 10 keys: key 'key-\d': .* status 400 document_parsing_exception: .* 5 of the keys were written\./,
    retriable: false,
  },
};

for (const [title, { of, message, timeoutMs = 20_000, retriable }] of Object.entries(faults)) {
  for (const withOffsets of [true, false]) {
    const sums = withOffsets ? 'with offsets in the values sums are exact' : 'sums are never too small';
    elasticsearch.test(`when ${title}, the job goes on after it, and ${sums}`, async (t, { port }) => {
      const proxy = await FaultProxy.start({ target: { port } });
      t.teardown(() => proxy.close());
      const scene = { proxy, admin: elasticsearchClient(t, port), index: randomName('sums') };
      // No retries of the client: what it meets is seen by the job.
      const client = elasticsearchClient(t, proxy.port, { maxRetries: 0 });
      const store = new ElasticsearchStore({ client, index: scene.index, timeoutMs });
      const error = await sumUnderFault(t, store, of(scene), withOffsets);
      t.regex(error.message, message);
      t.is(error.retriable, retriable);
    });
  }
}

elasticsearch.test(
  'without a connection every method is a StoreError that is retriable',
  async (t, { port }) => {
    const proxy = await FaultProxy.start({ target: { port } });
    t.teardown(() => proxy.close());
    proxy.refuse();
    const client = elasticsearchClient(t, proxy.port, { maxRetries: 0 });
    const store = new ElasticsearchStore({ client, index: randomName('sums') });
    const one = Buffer.from('{}');
    for (const call of [
      () => store.get('a'),
      () => store.getAll(['a', 'b']),
      () => store.put('a', one),
      () => store.putAll([['a', one]]),
      () => store.delete('a'),
      () => store.deleteAll(['a']),
      () => store.flush(),
      () => store.entries()[Symbol.asyncIterator]().next(),
    ]) {
      const error = await t.throwsAsync(call(), {
        instanceOf: StoreError,
        message: /no answer from Elasticsearch/,
      });
      t.true(error.retriable);
    }
    proxy.pass();
    await store.put('a', one);
  },
);

elasticsearch.test('a call that is aborted ends at once, with the reason', async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  proxy.blackHole();
  const store = new ElasticsearchStore({
    client: elasticsearchClient(t, proxy.port),
    index: randomName('sums'),
  });
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  const writing = store.put('a', Buffer.from('{}'), { signal: controller.signal });
  controller.abort(reason);
  const error = await t.throwsAsync(writing, {
    instanceOf: StoreError,
    message: /aborted: no longer wanted/,
  });
  t.is(error.cause, reason);
  t.false(error.retriable);
  const listing = store.entries({ signal: controller.signal })[Symbol.asyncIterator]();
  t.is((await t.throwsAsync(listing.next(), { instanceOf: StoreError })).cause, reason);
});
