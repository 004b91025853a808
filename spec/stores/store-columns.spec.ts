import { randomBytes } from 'node:crypto';
import test from 'ava';
import { int64 } from '../../source/codecs/int64.ts';
import { CodecError, StoreError } from '../../source/kernel/errors.ts';
import type { ProcessContext } from '../../source/message-processor.ts';
import { prefetch } from '../../source/prefetch.ts';
import type { Sender } from '../../source/sender.ts';
import { makeMessage } from '../../source/testing/fake-kafka/fake-message.ts';
import { RedisStore } from '../../stores/redis-store.ts';
import { columnsOf } from '../../stores/store-columns.ts';
import type { Store } from '../../stores/store.ts';
import { withCodec } from '../../stores/with-codec.ts';
import { randomName } from '../_helpers/servers/services.ts';
import { redisClient, sharedRedis } from '../_helpers/servers/store-servers.ts';

const redis = sharedRedis();
const sender: Sender = { send: () => undefined, forward: () => undefined, flush: () => Promise.resolve() };

async function count(store: Store<number>, keys: readonly string[]): Promise<void> {
  const context = {
    signal: new AbortController().signal,
    stores: {},
    stillOwned: () => Promise.resolve(),
  } as unknown as ProcessContext;
  const processor = prefetch(
    store,
    ({ keyText }) => keyText,
    (messages, _sender, view) => {
      for (const { keyText } of messages)
        if (keyText !== null) view.set(keyText, (view.get(keyText) ?? 0) + 1);
    },
  );
  await processor.process(
    keys.map((key, offset) => makeMessage({ key, offset })),
    sender,
    context,
  );
}

redis.test(
  'counts of many keys are read and written by lists, whatever the keys are',
  async (t, { port }) => {
    const client = redisClient(t, port);
    const keyPrefix = randomName('counts');
    const store = withCodec(new RedisStore({ client, keyPrefix }), int64);
    t.not(columnsOf(store), undefined);
    const keys = ['a', 'b', 'ключ', 'x'.repeat(100), 'a', 'a'];
    await count(store, keys);
    await count(store, keys.slice(0, 2));
    await count(store, ['a']);
    const found = await store.getAll(['a', 'b', 'ключ', 'x'.repeat(100), 'never']);
    t.deepEqual(Object.fromEntries(found), { a: 5, b: 2, ключ: 1, ['x'.repeat(100)]: 1 });
  },
);

redis.test('what cannot be decoded, and what is no string, is as it is for getAll', async (t, { port }) => {
  const client = redisClient(t, port);
  const keyPrefix = randomName('counts');
  const store = withCodec(new RedisStore({ client, keyPrefix }), int64);
  await client.rpush(`${keyPrefix}/list`, 'x');
  await count(store, ['list', 'other']);
  t.is(await store.get('list'), 1);
  await client.set(`${keyPrefix}/other`, randomBytes(8));
  await t.throwsAsync(count(store, ['list', 'other']), { instanceOf: CodecError, message: /'other'/ });
  t.is(await store.get('list'), 1);
});

redis.test('a failure names every key, and that nothing was written', async (t, { port }) => {
  const client = redisClient(t, port, { enableOfflineQueue: false });
  const store = new RedisStore({ client, keyPrefix: randomName('counts') });
  client.disconnect();
  const error = await t.throwsAsync(store.getAll(['a', 'b']), { instanceOf: StoreError });
  t.deepEqual(
    error.failures.map(({ key }) => key),
    ['a', 'b'],
  );
  const refused = await t.throwsAsync(
    store.putAll([
      ['a', Buffer.from('2')],
      ['b', Buffer.from('2')],
    ]),
    { instanceOf: StoreError },
  );
  t.deepEqual(refused.written, []);
  t.is(refused.failures.length, 2);
});

redis.test('methods that a program has put before those of a store are called', async (t, { port }) => {
  const client = redisClient(t, port);
  const calls: string[] = [];
  class Noted extends RedisStore {
    override getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
      calls.push(`getAll ${keys.join()}`);
      return super.getAll(keys);
    }
  }
  const inherited = withCodec(new Noted({ client, keyPrefix: randomName('counts') }), int64);
  await count(inherited, ['a', 'b']);
  t.deepEqual(calls, ['getAll a,b']);
  const own = withCodec(new RedisStore({ client, keyPrefix: randomName('counts') }), int64);
  const { putAll } = own;
  own.putAll = (entries, options) => {
    calls.push(`putAll ${[...entries].map(([key]) => key).join()}`);
    return putAll.call(own, entries, options);
  };
  await count(own, ['c', 'd']);
  t.deepEqual(calls, ['getAll a,b', 'putAll c,d']);
});

test('a store that was not made here has no columns', (t) => {
  t.is(columnsOf({} as Store), undefined);
});
