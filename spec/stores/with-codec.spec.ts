import test from 'ava';
import { CodecError, int64, json, type StoresOption } from '../../source/index.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { MultiMap } from '../../stores/multi-store.ts';
import type { Store } from '../../stores/store.ts';
import { withCodec } from '../../stores/with-codec.ts';

test('values go in and come out as what the codec makes of them, by each method', async (t) => {
  const bytes = new MapStore();
  const store = withCodec(bytes, int64);
  await store.put('a', 1);
  await store.putAll(
    new Map([
      ['b', 2],
      ['c', 3],
    ]).entries(),
  );
  t.is((await bytes.get('b'))?.toString(), '2');
  t.is(await store.get('a'), 1);
  t.is(await store.get('x'), undefined);
  t.deepEqual(
    await store.getAll(['c', 'x', 'a']),
    new Map([
      ['c', 3],
      ['a', 1],
    ]),
  );
  await store.delete('a');
  await store.deleteAll(['b']);
  const ofProcessor: StoresOption<{ counts: Store<number> }> = { counts: { store, flush: true } };
  t.truthy(ofProcessor.counts, 'a processor takes typed stores');
  await store.flush();
  t.deepEqual([...(await store.getAll(['a', 'b', 'c'])).keys()], ['c']);
});

test('entries are decoded; a store that cannot list has none, with a codec either', async (t) => {
  const bytes = new MapStore();
  const store = withCodec(bytes, int64);
  await store.putAll([
    ['b', 2],
    ['a', 1],
  ]);
  const listed: [string, number][] = [];
  for await (const entry of store.entries()) listed.push(entry);
  t.deepEqual(listed, [
    ['a', 1],
    ['b', 2],
  ]);
  await bytes.put('c', Buffer.from('x'));
  const last = store.entries({ from: 'c' })[Symbol.asyncIterator]();
  await t.throwsAsync(last.next(), { instanceOf: CodecError, message: /key 'c' could not be decoded/ });
  t.is(withCodec(withoutEntries(bytes), int64).entries, undefined);
});

function withoutEntries(store: MapStore): Store {
  return {
    get: (key) => store.get(key),
    getAll: (keys) => store.getAll(keys),
    put: (key, value) => store.put(key, value),
    putAll: (entries) => store.putAll(entries),
    delete: (key) => store.delete(key),
    deleteAll: (keys) => store.deleteAll(keys),
    flush: () => store.flush(),
  };
}

test('a MultiStore has typed values, too, and its tenants', async (t) => {
  const bytes = new MultiMapStore();
  const store = withCodec(bytes, json<{ n: number }>());
  await store.push(new MultiMap<{ n: number }>().set('t', 'a', { n: 1 }));
  await store.tenant('t').put('b', { n: 2 });
  t.is((await bytes.tenant('t').get('a'))?.toString(), '{"n":1}');
  const found = await store.fetch([
    { tenant: 't', key: 'a' },
    { tenant: 't', key: 'b' },
    { tenant: 'u', key: 'a' },
  ]);
  t.is(found.size, 2);
  t.deepEqual(found.get('t', 'b'), { n: 2 });
  t.deepEqual(store.allTenants(), ['t']);
  await store.flush();
});

test('what cannot be decoded is named by its key', async (t) => {
  const bytes = new MapStore();
  await bytes.put('good', Buffer.from('1'));
  await bytes.put('bad', Buffer.from('x'));
  const store = withCodec(bytes, int64);
  for (const read of [() => store.get('bad'), () => store.getAll(['good', 'bad'])]) {
    await t.throwsAsync(read(), {
      instanceOf: CodecError,
      message: `The value of key 'bad' could not be decoded: int64: "x" is not a whole number`,
    });
  }
  const multi = new MultiMapStore();
  await multi.tenant('t').put('bad', Buffer.from('x'));
  for (const read of [
    () => withCodec(multi, int64).fetch([{ tenant: 't', key: 'bad' }]),
    () => withCodec(multi, int64).tenant('t').get('bad'),
  ]) {
    await t.throwsAsync(read(), {
      instanceOf: CodecError,
      message: /key 'bad' of tenant 't' could not be decoded/,
    });
  }
});

test('when one value cannot be encoded nothing is written, and its key is named', async (t) => {
  const bytes = new MapStore();
  const store = withCodec(bytes, int64);
  const entries = [
    ['a', 1],
    ['b', 1.5],
  ] as const;
  await t.throwsAsync(store.putAll(entries), {
    instanceOf: CodecError,
    message: /The value for key 'b' could not be encoded, so nothing was written/,
  });
  t.is(bytes.size, 0);
});

test('what is no store or no codec is refused at once', (t) => {
  const refused: readonly (readonly [store: unknown, codec: unknown, message: RegExp])[] = [
    [
      new MapStore(),
      {},
      /withCodec: the second argument must be a codec, \{ encode, decode \}, not an object/,
    ],
    [new MapStore(), json, /must be a codec, not a function: call it, as in json\(\)/],
    [new MultiMapStore(), undefined, /must be a codec, \{ encode, decode \}, not undefined/],
    [new Map(), int64, /the first argument must be a Store or a MultiStore, not an object of Map/],
    [
      null,
      null,
      /2 problems:\n {2}- the first argument .*, not null\n {2}- the second argument .*, not null/,
    ],
  ];
  for (const [store, codec, message] of refused)
    t.throws(() => withCodec(store as MapStore, codec as typeof int64), { code: 'CONFIG', message });
});
