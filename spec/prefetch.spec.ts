import test from 'ava';
import { BatchError } from '../source/batch-error.ts';
import { int64 } from '../source/codecs/int64.ts';
import { FencedError, LifecycleError, StoreError } from '../source/kernel/errors.ts';
import type { ConsumerMessage } from '../source/message.ts';
import type { MessageProcessor, ProcessContext } from '../source/message-processor.ts';
import { prefetch, type BatchView, type MultiBatchView } from '../source/prefetch.ts';
import type { Sender } from '../source/sender.ts';
import { MapStore } from '../stores/map-store.ts';
import { MultiMapStore } from '../stores/multi-map-store.ts';
import { MultiMap } from '../stores/multi-store.ts';
import type { Store } from '../stores/store.ts';
import { withCodec } from '../stores/with-codec.ts';
import { makeMessage } from '../source/testing/fake-kafka/fake-message.ts';
import { fixture } from './_helpers/fakes/processor-run.ts';

const sender: Sender = { send: () => undefined, forward: () => undefined, flush: () => Promise.resolve() };

function contextOf(parts: Partial<ProcessContext> = {}): ProcessContext {
  const stillOwned = () => Promise.resolve();
  return { signal: new AbortController().signal, stores: {}, stillOwned, ...parts } as ProcessContext;
}

async function process(
  processor: MessageProcessor,
  messages: readonly ConsumerMessage[],
  context = contextOf(),
): Promise<void> {
  await processor.process(messages, sender, context);
}

/** A store of numbers that notes the calls it gets. */
function notedStore(entries: Readonly<Record<string, number>> = {}) {
  const bytes = new MapStore();
  const inner = withCodec(bytes, int64);
  const calls: string[] = [];
  const store: Store<number> = {
    get: (key) => inner.get(key),
    put: (key, value) => inner.put(key, value),
    delete: (key) => inner.delete(key),
    flush: () => inner.flush(),
    async getAll(keys) {
      calls.push(`getAll ${keys.join()}`);
      return inner.getAll(keys);
    },
    async putAll(given) {
      const list = [...given];
      calls.push(`putAll ${list.map(([key, value]) => `${key}=${value}`).join()}`);
      await inner.putAll(list);
    },
    async deleteAll(keys) {
      calls.push(`deleteAll ${keys.join()}`);
      await inner.deleteAll(keys);
    },
  };
  const ready = inner.putAll(Object.entries(entries));
  return { store, calls, ready };
}

const messages = ['a', 'b', 'a', null, 'c'].map((key, offset) => makeMessage({ key, offset }));
const keyOf = ({ keyText }: ConsumerMessage) => keyText;

function count(batch: readonly ConsumerMessage[], view: BatchView<number>): void {
  for (const { keyText } of batch) if (keyText !== null) view.set(keyText, (view.get(keyText) ?? 0) + 1);
}

test('one getAll, the function, one putAll and one deleteAll', async (t) => {
  const { store, calls, ready } = notedStore({ a: 10, c: 5 });
  await ready;
  await process(
    prefetch(store, keyOf, (batch, _sender, view) => {
      t.is(view.get('b'), undefined);
      t.true(view.has('a'));
      t.false(view.has('b'));
      count(batch, view);
      view.delete('c');
      t.false(view.has('c'));
      t.is(view.get('c'), undefined);
    }),
    messages,
  );
  t.deepEqual(calls, ['getAll a,b,c', 'putAll a=12,b=1', 'deleteAll c']);
});

test('what has nothing to do is left out', async (t) => {
  const { store, calls } = notedStore();
  await process(
    prefetch(store, keyOf, () => undefined),
    messages,
  );
  await process(
    prefetch(
      store,
      () => undefined,
      (_batch, _sender, view) => {
        view.set('x', 1);
      },
    ),
    messages,
  );
  await process(
    prefetch(
      store,
      () => ['p', 'q'],
      (_batch, _sender, view) => {
        view.set('p', 1);
        view.delete('p');
      },
    ),
    messages,
  );
  await process(
    prefetch(
      store,
      () => [],
      (_batch, _sender, view) => {
        view.delete('p');
        view.set('p', 2);
      },
    ),
    messages,
  );
  t.deepEqual(calls, ['getAll a,b,c', 'putAll x=1', 'getAll p,q', 'deleteAll p', 'putAll p=2']);
});

test('nothing is written when the function throws', async (t) => {
  const { store, calls } = notedStore();
  const failure = new Error('bad');
  for (const fail of [
    () => {
      throw failure;
    },
    () => Promise.reject(failure),
  ]) {
    const thrown = await t.throwsAsync(
      process(
        prefetch(store, keyOf, (batch, _sender, view) => {
          count(batch, view);
          return fail();
        }),
        messages,
      ),
    );
    t.is(thrown, failure);
  }
  t.deepEqual(calls, ['getAll a,b,c', 'getAll a,b,c']);
});

test('of a BatchError what was set is written, and then it is thrown', async (t) => {
  const { store, calls } = notedStore();
  const [first] = messages;
  const partial = new BatchError([{ message: first as ConsumerMessage, error: new Error('bad') }]);
  const processor: MessageProcessor = prefetch(store, keyOf, (batch, _sender, view) => {
    count(batch.slice(1), view);
    throw partial;
  });
  t.is(await t.throwsAsync(process(processor, messages)), partial);
  t.deepEqual(calls, ['getAll a,b,c', 'putAll b=1,a=1,c=1']);

  const refused = new StoreError('full', { store: 's', operation: 'putAll' });
  store.putAll = () => Promise.reject(refused);
  t.is(await t.throwsAsync(process(processor, messages)), refused);
  t.deepEqual(refused.suppressed, [partial]);
});

test('a key that was not named cannot be read, but written', async (t) => {
  const { store, calls } = notedStore();
  await process(
    prefetch(
      store,
      () => 'a',
      (_batch, _sender, view) => {
        t.throws(() => view.get('z'), {
          instanceOf: LifecycleError,
          message: /view\.get\('z'\): .*Return it from keysOf/,
        });
        t.throws(() => view.has('z'), { instanceOf: LifecycleError });
        view.set('z', 1);
        t.is(view.get('z'), 1);
        view.delete('y');
        t.is(view.get('y'), undefined);
      },
    ),
    messages,
  );
  t.deepEqual(calls, ['getAll a', 'putAll z=1', 'deleteAll y']);
});

test('a view gives what was changed last: set, deleted and set again, nothing, null', async (t) => {
  const written: unknown[] = [];
  const store: Store<number | null | undefined> = {
    ...notedStore().store,
    getAll: () => Promise.resolve(new Map(['a', 'b', 'c'].map((key) => [key, 1]))),
    put: () => Promise.resolve(),
    get: () => Promise.resolve(undefined),
    putAll: (entries) => Promise.resolve(void written.push(...entries)),
    deleteAll: (keys) => Promise.resolve(void written.push(keys)),
  };
  const keysOf = ({ keyText }: ConsumerMessage) => keyText;
  const processor: MessageProcessor = prefetch(store, keysOf, (_messages, _sender, view) => {
    view.delete('a');
    t.deepEqual([view.get('a'), view.has('a')], [undefined, false]);
    view.set('a', 2);
    t.deepEqual([view.get('a'), view.has('a')], [2, true]);
    view.set('b', undefined);
    t.deepEqual([view.get('b'), view.has('b')], [undefined, true]);
    view.set('b', null);
    t.deepEqual([view.get('b'), view.has('b')], [null, true]);
    view.set('c', 3);
    view.delete('c');
    t.deepEqual([view.get('c'), view.has('c')], [undefined, false]);
  });
  await process(processor, messages);
  t.deepEqual(written, [['a', 2], ['b', null], ['c']]);
});

test('a view is dead when its attempt has ended: returned, thrown or aborted', async (t) => {
  const { store, calls } = notedStore();
  const views: BatchView<number>[] = [];
  await process(
    prefetch(store, keyOf, (_batch, _sender, view) => void views.push(view)),
    messages,
  );
  await t.throwsAsync(
    process(
      prefetch(store, keyOf, (_batch, _sender, view) => {
        views.push(view);
        throw new Error('bad');
      }),
      messages,
    ),
  );
  const controller = new AbortController();
  const reason = new Error('too late');
  const thrown = await t.throwsAsync(
    process(
      prefetch(store, keyOf, (_batch, _sender, view) => {
        view.set('a', 1);
        controller.abort(reason);
        t.throws(
          () => {
            view.set('b', 1);
          },
          { instanceOf: LifecycleError },
        );
        views.push(view);
      }),
      messages,
      contextOf({ signal: controller.signal }),
    ),
  );
  t.is(thrown, reason);
  t.is(views.length, 3);
  for (const view of views)
    for (const use of [
      () => view.get('a'),
      () => view.has('a'),
      () => {
        view.set('a', 1);
      },
      () => {
        view.delete('a');
      },
    ])
      t.throws(use, { instanceOf: LifecycleError, message: /a view belongs to one attempt/ });
  t.deepEqual(calls, ['getAll a,b,c', 'getAll a,b,c', 'getAll a,b,c']);
});

test('the store may be picked from those of the processor', async (t) => {
  const { store } = notedStore();
  const processor = prefetch(
    (stores: { counts: Store<number> }) => stores.counts,
    keyOf,
    (batch, _sender, view) => {
      count(batch, view);
    },
  );
  await processor.process(messages, sender, contextOf({ stores: { counts: store } }) as never);
  t.is(await store.get('a'), 2);
});

test('many tenants: one fetch, one push, and deleteAll of those that lose keys', async (t) => {
  const multi = new MultiMapStore();
  const store = withCodec(multi, int64);
  await store.push(new MultiMap<number>().set('t', 'a', 1).set('u', 'a', 5));
  const calls: string[] = [];
  const { fetch, push } = store;
  store.fetch = (keys, options) => {
    calls.push(`fetch ${keys.map(({ tenant, key }) => `${tenant}:${key}`).join()}`);
    return fetch.call(store, keys, options);
  };
  store.push = (entries, options) => {
    calls.push(`push ${entries.size}`);
    return push.call(store, entries, options);
  };
  let kept: MultiBatchView<number> | undefined;
  await process(
    prefetch(
      store,
      ({ keyText }) => [
        { tenant: 't', key: keyText ?? 'none' },
        { tenant: 'u', key: 'a' },
      ],
      (_batch, _sender, view) => {
        kept = view;
        t.is(view.get('t', 'a'), 1);
        t.is(view.get('u', 'a'), 5);
        t.false(view.has('t', 'b'));
        t.throws(() => view.get('u', 'b'), { instanceOf: LifecycleError });
        t.throws(() => view.get('new', 'b'), { instanceOf: LifecycleError });
        view.set('t', 'a', 2);
        view.set('new', 'x', 9);
        view.delete('u', 'a');
      },
    ),
    [makeMessage({ key: 'a' }), makeMessage({ key: 'b' })],
  );
  t.deepEqual(calls, ['fetch t:a,t:b,u:a', 'push 2']);
  t.is(await store.tenant('t').get('a'), 2);
  t.is(await store.tenant('new').get('x'), 9);
  t.is(await store.tenant('u').get('a'), undefined);
  t.throws(() => kept?.get('t', 'a'), { instanceOf: LifecycleError });
});

test('in a run, reads and writes are inside process, and a failed write commits nothing', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  for (let at = 0; at < 25; at++) kafka.append('in', 0, `k${at % 2}`);
  const { store, calls } = notedStore();
  const processor = prefetch(
    store,
    ({ valueText }) => valueText,
    (batch, _sender, view) => {
      for (const { valueText } of batch) view.set(valueText ?? '', (view.get(valueText ?? '') ?? 0) + 1);
    },
  );
  const { putAll } = store;
  let writes = 0;
  store.putAll = (entries) =>
    ++writes === 2
      ? Promise.reject(new StoreError('down', { store: 's', operation: 'putAll', retriable: true }))
      : putAll(entries);
  const failed = await outcome(make(processor).runToEnd());
  t.like(failed.error, { code: 'PROCESS', cause: { code: 'STORE', message: 'down' } });
  t.true((await outcome(make(processor).runToEnd())).ok);
  t.deepEqual(calls, [
    'getAll k0,k1',
    'putAll k0=5,k1=5',
    'getAll k0,k1',
    'getAll k0,k1',
    'putAll k0=10,k1=10',
    'getAll k0,k1',
    'putAll k0=13,k1=12',
  ]);
});

test('nothing is written back when another process has taken the partitions over meanwhile', async (t) => {
  const { store, calls, ready } = notedStore({ a: 1 });
  await ready;
  const fenced = new FencedError('in/0 was taken over by another process');
  const counting: MessageProcessor = prefetch(store, keyOf, (batch, _sender, view) => {
    count(batch, view);
  });
  const context = contextOf({ stillOwned: () => Promise.reject(fenced) });
  t.is(await t.throwsAsync(process(counting, messages, context)), fenced);
  t.deepEqual(calls, ['getAll a,b,c']);
});
