import { Client } from '@elastic/elasticsearch';
import test from 'ava';
import { StoreError } from '../../../source/kernel/errors.ts';
import { multiStoreConformance, storeConformance } from '../../../source/testing/index.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { MultiElasticsearchStore } from '../../../stores/multi-elasticsearch-store.ts';
import { MultiMap } from '../../../stores/multi-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { elasticsearchClient, sharedElasticsearch } from '../../_helpers/servers/store-servers.ts';

const elasticsearch = sharedElasticsearch();
const run = randomName('cases');
const tenancy = (tenant: string) => ({ index: `${run}-${tenant}` });

// Most of the time of the cases is spent on indices: each case about tenants makes some, and each
// first document changes their mapping.
elasticsearch.before(async ({ port }) => {
  const client = new Client({ node: `http://127.0.0.1:${port}` });
  const settings = { number_of_replicas: 0, refresh_interval: '-1' };
  await client.indices.putIndexTemplate({
    name: run,
    index_patterns: [`${run}-*`],
    template: { settings, mappings: { dynamic: false } },
  });
  await client.close();
});

// An index takes the server longer to make than a hundred documents: all cases share two, as they
// may.
const { index } = tenancy('store');
const tenant = 'one';

for (const { title, requires, run: runCase } of storeConformance) {
  // Holds documents only.
  if (requires === 'any-bytes') continue;
  elasticsearch.test(title, async (t, { port }) => {
    const open = () => new ElasticsearchStore({ client: elasticsearchClient(t, port), index });
    await t.notThrowsAsync(runCase({ store: open(), reopen: open }));
  });
  elasticsearch.test(`the store of a tenant: ${title}`, async (t, { port }) => {
    const open = () =>
      new MultiElasticsearchStore({ client: elasticsearchClient(t, port), tenancy }).tenant(tenant);
    await t.notThrowsAsync(runCase({ store: open(), reopen: open }));
  });
}

for (const { title, run: runCase } of multiStoreConformance) {
  elasticsearch.test(`many tenants: ${title}`, async (t, { port }) => {
    const open = () => new MultiElasticsearchStore({ client: elasticsearchClient(t, port), tenancy });
    await t.notThrowsAsync(runCase({ store: open(), reopen: open }));
  });
}

elasticsearch.test(
  'documents come back byte for byte, also what JavaScript cannot hold',
  async (t, { port }) => {
    const store = new ElasticsearchStore({
      client: elasticsearchClient(t, port),
      index: randomName('exact'),
    });
    const documents = [
      '{"n": 9007199254740993, "b":1,"a" : 1.0, "1":2}',
      '{"nested":{"numbers":[1,[2,3]],"list":["]}"],"o":{"x":"\\"{\\\\"}},"text":"\\u00e9 ключ 🔑"}',
      '{}',
    ];
    const entries = documents.map((text, at) => [`key-${at}`, Buffer.from(text)] as const);
    await store.putAll(entries);
    const found = await store.getAll(entries.map(([key]) => key));
    for (const [at, text] of documents.entries()) t.is(found.get(`key-${at}`)?.toString(), text);
    await store.put('lines', Buffer.from('{\n  "a": 1,\r\n  "text": "x\\n"\n}'));
    t.is((await store.get('lines'))?.toString(), '{   "a": 1,    "text": "x\\n" }');
  },
);

elasticsearch.test('a compressed response is read as well', async (t, { port }) => {
  const store = new ElasticsearchStore({
    client: elasticsearchClient(t, port, { compression: true }),
    index: randomName('zip'),
  });
  await store.put('a', Buffer.from(`{"text":"${'x'.repeat(10_000)}"}`));
  t.is((await store.get('a'))?.length, 10_011);
});

elasticsearch.test(
  'what is no document is refused before anything is sent, and named',
  async (t, { port }) => {
    const store = new ElasticsearchStore({ client: elasticsearchClient(t, port), index: randomName('none') });
    const bad: Readonly<Record<string, Buffer>> = {
      'it is an array': Buffer.from('[1]'),
      'it is 5': Buffer.from('5'),
      'it is null': Buffer.from('null'),
      'it is not UTF-8': Buffer.from([0x7b, 0xff, 0x7d]),
      'in JSON at position 1': Buffer.from('{'),
    };
    for (const [problem, value] of Object.entries(bad)) {
      const error = await t.throwsAsync(
        store.putAll([
          ['good', Buffer.from('{}')],
          ['bad', value],
        ]),
        { instanceOf: StoreError },
      );
      t.true(error.message.includes(problem), error.message);
      t.deepEqual(error.keys, ['bad']);
      t.false(error.retriable);
    }
    t.is((await store.getAll(['good', 'bad'])).size, 0);
  },
);

elasticsearch.test(
  'a key of 512 bytes is taken, one of 513 is refused before anything is sent',
  async (t, { port }) => {
    const store = new ElasticsearchStore({ client: elasticsearchClient(t, port), index: randomName('keys') });
    const longest = 'é'.repeat(256);
    await store.put(longest, Buffer.from('{"a":1}'));
    t.is((await store.get(longest))?.toString(), '{"a":1}');
    const tooLong = `${longest}x`;
    for (const call of [
      () => store.put(tooLong, Buffer.from('{}')),
      () => store.getAll(['a', tooLong]),
      () => store.delete(tooLong),
    ]) {
      const error = await t.throwsAsync(call(), {
        instanceOf: StoreError,
        message: /has 513 bytes, and Elasticsearch accepts at most 512/,
      });
      t.deepEqual(error.keys, [tooLong]);
    }
  },
);

elasticsearch.test(
  'a missing index reads as missing keys, and nothing makes it but a write',
  async (t, { port }) => {
    const client = elasticsearchClient(t, port);
    const missing = randomName('missing');
    const store = new ElasticsearchStore({ client, index: missing });
    t.is(await store.get('a'), undefined);
    t.is((await store.getAll(['a', 'b'])).size, 0);
    await store.delete('a');
    await store.deleteAll(['a', 'b']);
    await store.flush();
    t.true((await store.entries()[Symbol.asyncIterator]().next()).done);
    t.false(await client.indices.exists({ index: missing }));
    const multi = new MultiElasticsearchStore({ client, tenancy });
    const unknown = randomName('t');
    t.is((await multi.fetch([{ tenant: unknown, key: 'a' }])).size, 0);
    t.deepEqual(multi.allTenants(), []);
    t.false(await client.indices.exists({ index: tenancy(unknown).index }));
  },
);

elasticsearch.test(
  'documents that do not fit the mapping are named, the others are written',
  async (t, { port }) => {
    const store = new ElasticsearchStore({
      client: elasticsearchClient(t, port),
      index: randomName('mapping'),
      maxBulkBytes: 300,
    });
    await store.put('first', Buffer.from('{"n":1}'));
    const entries = Array.from(
      { length: 20 },
      (_none, at) => [`key-${at}`, Buffer.from(at % 2 === 0 ? `{"n":${at}}` : `{"n":"text ${at}"}`)] as const,
    );
    const error = await t.throwsAsync(store.putAll(entries), { instanceOf: StoreError });
    t.false(error.retriable);
    t.is(error.keys.length, 10);
    t.true(error.keys.every((key) => Number(key.slice(4)) % 2 === 1));
    t.is(error.written.length, 10);
    t.regex(
      error.message,
      /failed for 10 of 20 keys: key 'key-\d+': index 'mapping-\w+' id 'key-\d+' status 400 document_parsing_exception: /,
    );
    t.regex(error.message, /; and 5 more\. 10 of the keys were written\./);
    t.is(error.message.match(/status 400/g)?.length, 5);
    t.deepEqual(
      [...(await store.getAll(entries.map(([key]) => key))).keys()].toSorted(),
      error.written.map(({ key }) => key).toSorted(),
    );
  },
);

elasticsearch.test(
  'an index that was made read-only refuses writes, and is not retriable',
  async (t, { port }) => {
    const client = elasticsearchClient(t, port);
    const name = randomName('readonly');
    const store = new ElasticsearchStore({ client, index: name });
    await store.put('a', Buffer.from('{}'));
    await client.indices.putSettings({ index: name, settings: { 'index.blocks.write': true } });
    const error = await t.throwsAsync(store.put('a', Buffer.from('{"n":1}')), {
      instanceOf: StoreError,
      message: /status 403 cluster_block_exception: .*\(the index is read-only/,
    });
    t.false(error.retriable);
    await client.indices.putSettings({
      index: name,
      settings: { 'index.blocks.write': false, 'index.blocks.read_only_allow_delete': true },
    });
    const flood = await t.throwsAsync(store.put('a', Buffer.from('{"n":1}')), {
      instanceOf: StoreError,
      message: /status 429 cluster_block_exception: .*\(the disk is too full \(flood stage\)/,
    });
    t.true(flood.retriable);
    await client.indices.putSettings({
      index: name,
      settings: { 'index.blocks.read_only_allow_delete': null },
    });
    await store.put('a', Buffer.from('{"n":1}'));
  },
);

elasticsearch.test(
  'ten thousand documents of a kilobyte are written in a few requests and read in one',
  async (t, { port }) => {
    const client = elasticsearchClient(t, port);
    let requests = 0;
    client.diagnostic.on('request', () => requests++);
    const store = new ElasticsearchStore({ client, index: randomName('many'), timeoutMs: 100_000 });
    const text = 'x'.repeat(980);
    const entries = Array.from(
      { length: 10_000 },
      (_none, at) => [`key-${at}`, Buffer.from(JSON.stringify({ at, text }))] as const,
    );
    await store.putAll(entries);
    t.is(requests, 2);
    requests = 0;
    const found = await store.getAll(entries.map(([key]) => key));
    t.is(requests, 1);
    t.is(found.size, 10_000);
    t.true(entries.every(([key, value]) => found.get(key)?.equals(value)));

    // One more than a search gives at once.
    await store.put('key-~', Buffer.from('{}'));
    requests = 0;
    const listed: string[] = [];
    for await (const [key] of store.entries({ from: 'key-9' })) listed.push(key);
    t.deepEqual(listed, [...found.keys(), 'key-~'].filter((key) => key >= 'key-9').sort());
    t.is(requests, 2 + 2 + 1 + 2, 'refresh and point in time, two searches, its end, and two mgets');
  },
);

elasticsearch.test('flush is of its own index alone', async (t, { port }) => {
  const client = elasticsearchClient(t, port);
  const [mine, theirs] = [randomName('mine'), randomName('theirs')];
  const store = new ElasticsearchStore({ client, index: mine });
  await store.put('a', Buffer.from('{}'));
  await new ElasticsearchStore({ client, index: theirs }).put('a', Buffer.from('{}'));
  await store.flush();
  const uncommitted = async (name: string) =>
    (await client.indices.stats({ index: name, metric: 'translog' }))._all.primaries?.translog
      ?.uncommitted_operations;
  t.is(await uncommitted(mine), 0);
  t.is(await uncommitted(theirs), 1);
  const multi = new MultiElasticsearchStore({ client, tenancy });
  const many = Array.from({ length: 3 }, () => randomName('t'));
  for (const name of many) await multi.tenant(name).put('a', Buffer.from('{}'));
  await multi.flush();
  for (const name of many) t.is(await uncommitted(tenancy(name).index), 0);
  t.is(await uncommitted(theirs), 1);
});

elasticsearch.test("with refresh 'wait_for' a search finds what was written", async (t, { port }) => {
  const client = elasticsearchClient(t, port);
  const name = randomName('search');
  const store = new ElasticsearchStore({ client, index: name, refresh: 'wait_for' });
  await store.put('a', Buffer.from('{"n":1}'));
  const { hits } = await client.search({ index: name });
  t.is(hits.hits.length, 1);
});

elasticsearch.test('what is found is filed under its tenant, also behind an alias', async (t, { port }) => {
  const client = elasticsearchClient(t, port);
  const [real, alias, other] = [randomName('real'), randomName('alias'), randomName('other')];
  await new ElasticsearchStore({ client, index: real }).put('a', Buffer.from('{"n":1}'));
  await client.indices.putAlias({ index: real, name: alias });
  const multi = new MultiElasticsearchStore({
    client,
    tenancy: (name) => ({ index: name === 'x' ? alias : other }),
  });
  const found = await multi.fetch([
    { tenant: 'y', key: 'a' },
    { tenant: 'x', key: 'a' },
    { tenant: 'x', key: 'b' },
  ]);
  t.deepEqual(found.tenants(), ['x']);
  t.is(found.get('x', 'a')?.toString(), '{"n":1}');
});

test('two tenants may not share an index', async (t) => {
  const client = { transport: { request: (): never => t.fail('nothing may be sent') } };
  const multi = new MultiElasticsearchStore({ client, tenancy: () => ({ index: 'all' }) });
  const entries = new MultiMap().set('a', 'k', Buffer.from('{}')).set('b', 'k', Buffer.from('{}'));
  await t.throwsAsync(multi.push(entries), {
    instanceOf: StoreError,
    message: /tenants 'a' and 'b' have the same index 'all'/,
  });
  t.deepEqual(multi.allTenants(), []);
});

test('an index is one index: patterns, lists and bad names are refused', (t) => {
  const client = { transport: { request: () => Promise.resolve({}) } };
  for (const name of ['*', 'a*', 'a,b', '_all', '-a', '+a', 'A', 'a b', 'a/b', '..', '', 'x'.repeat(256)]) {
    t.throws(() => new ElasticsearchStore({ client, index: name }), { message: /index must be/ }, name);
    t.throws(() => new MultiElasticsearchStore({ client, tenancy: () => ({ index: name }) }).tenant('t'), {
      instanceOf: StoreError,
    });
  }
  t.throws(
    () => new ElasticsearchStore({ client: {}, index: 'a', refresh: 'yes', maxBulkBytes: 0 } as never),
    {
      message: /3 problems/,
    },
  );
});
