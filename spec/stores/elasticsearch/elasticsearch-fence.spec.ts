import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { MultiElasticsearchStore } from '../../../stores/multi-elasticsearch-store.ts';
import { storeOwner } from '../../_helpers/fakes/store-owners.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { elasticsearchClient, sharedElasticsearch } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

const server = sharedElasticsearch();

const value = (n: number) => Buffer.from(JSON.stringify({ n }));

server.test('a former owner cannot write or delete what a later one has written', async (t, { port }) => {
  const options = { client: elasticsearchClient(t, port), index: randomName('fence') };
  const [old, next] = [new ElasticsearchStore(options), new ElasticsearchStore(options)];
  const before = storeOwner();
  await old.fence(before).done;
  await old.putAll([
    ['a', value(1)],
    ['b', value(1)],
  ]);
  await next.fence(storeOwner({ former: [before] })).done;
  await next.put('a', value(2));
  const put = await t.throwsAsync(old.put('a', value(3)), { instanceOf: StoreError });
  t.regex(put.message, /a later owner has written the document/);
  t.false(put.retriable);
  await t.throwsAsync(old.delete('a'), { message: /version_conflict/ });
  t.deepEqual(await next.get('a'), value(2));
  await old.put('b', value(3));
  t.deepEqual(
    await next.get('b'),
    value(3),
    'what nobody has written since is written again by the next owner',
  );
});

server.test(
  'a request that comes late, when it was given up, does not replace what was written since',
  async (t, { port }) => {
    const proxy = await FaultProxy.start({ target: { port } });
    t.teardown(() => proxy.close());
    const index = randomName('fence');
    const client = elasticsearchClient(t, proxy.port, { maxRetries: 0 });
    const store = new ElasticsearchStore({ client, index, timeoutMs: 5_000 });
    const direct = new ElasticsearchStore({ client: elasticsearchClient(t, port), index });
    // The index is made before.
    await direct.put('key', value(0));
    await store.fence(storeOwner()).done;
    await store.put('key', value(1));
    proxy.blackHole();
    await t.throwsAsync(store.put('key', value(2)), { message: /timeoutMs/ });
    // The same run, on another way to the server.
    const owner = storeOwner();
    await direct.fence(owner).done;
    await direct.put('key', value(3));
    proxy.pass();
    await until(() => store.get('key'), { deadlineMs: 10_000, retryErrors: true, what: 'an answer' });
    t.deepEqual(await direct.get('key'), value(3));
  },
);

server.test('a run writes the same document again and again, and anybody after it', async (t, { port }) => {
  const options = { client: elasticsearchClient(t, port), index: randomName('fence') };
  const store = new ElasticsearchStore(options);
  const fence = store.fence(storeOwner());
  for (let n = 0; n < 3; n++) await store.put('key', value(n));
  await store.delete('key');
  await store.put('key', value(7));
  fence.release();
  await store.put('key', value(8));
  t.deepEqual(await store.get('key'), value(8));
  await store.fence(storeOwner()).done;
  await store.put('key', value(9));
  t.deepEqual(await store.get('key'), value(9));
});

server.test("with versions 'internal', and without claims, what comes last wins", async (t, { port }) => {
  const options = { client: elasticsearchClient(t, port), index: randomName('fence') };
  const late = storeOwner();
  const internal = new ElasticsearchStore({ ...options, versions: 'internal' });
  const unclaimed = new ElasticsearchStore(options);
  await new ElasticsearchStore(options).fence(storeOwner()).done;
  await internal.fence(late).done;
  await unclaimed.fence({ ...late, fence: undefined }).done;
  await internal.put('key', value(1));
  await unclaimed.put('key', value(2));
  await internal.put('key', value(3));
  t.deepEqual(await internal.get('key'), value(3));
});

server.test('tenants are kept apart from former owners as well', async (t, { port }) => {
  const index = randomName('fence');
  const open = () =>
    new MultiElasticsearchStore({
      client: elasticsearchClient(t, port),
      tenancy: (tenant) => ({ index: `${index}-${tenant}` }),
    });
  const [old, next] = [open(), open()];
  const before = storeOwner();
  await old.fence(before).done;
  await next.fence(storeOwner({ former: [before] })).done;
  await next.tenant('a').put('key', value(2));
  await t.throwsAsync(old.tenant('a').put('key', value(1)), { message: /version_conflict/ });
});
