import test from 'ava';
import { StoreError, TimeoutError } from '../../source/kernel/errors.ts';
import { storeConformance } from '../../source/testing/index.ts';
import { checkedStore } from '../../stores/checked-store.ts';
import { MapStore } from '../../stores/map-store.ts';
import type { Store, StoreEntries } from '../../stores/store.ts';

/** What an outsider writes first: it checks nothing, shares its Buffers, and throws what comes. */
class PlainStore implements Store {
  readonly map = new Map<string, Buffer>();
  calls = 0;

  async get(key: string): Promise<Buffer | undefined> {
    this.calls++;
    return this.map.get(key);
  }

  async getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
    this.calls++;
    const found = keys.map((key) => [key, this.map.get(key)] as const);
    return new Map(found.filter((pair): pair is [string, Buffer] => pair[1] !== undefined));
  }

  async put(key: string, value: Buffer): Promise<void> {
    this.calls++;
    this.map.set(key, value);
  }

  async putAll(entries: StoreEntries): Promise<void> {
    this.calls++;
    for (const [key, value] of entries) this.map.set(key, value);
  }

  async delete(key: string): Promise<void> {
    this.calls++;
    this.map.delete(key);
  }

  async deleteAll(keys: readonly string[]): Promise<void> {
    this.calls++;
    for (const key of keys) this.map.delete(key);
  }

  async flush(): Promise<void> {
    this.calls++;
  }
}

const one = Buffer.from('1');

for (const { title, requires, run } of storeConformance) {
  if (requires === 'any-bytes' || requires === undefined)
    test(`a plain store: ${title}`, async (t) => {
      await t.notThrowsAsync(run({ store: checkedStore(new PlainStore()) }));
    });
  if (requires !== 'reopen' && requires !== 'fence')
    test(`a store that lists: ${title}`, async (t) => {
      await t.notThrowsAsync(run({ store: checkedStore(new MapStore()) }));
    });
}

test('some of that a plain store alone does not do', async (t) => {
  const failed: string[] = [];
  for (const { title, requires, run } of storeConformance)
    if (requires === undefined) await run({ store: new PlainStore() }).catch(() => failed.push(title));
  t.true(failed.length > 10, failed.join('\n'));
});

test('a call with nothing to do does not reach the store, nor one that is refused', async (t) => {
  const plain = new PlainStore();
  const store = checkedStore(plain);
  await store.getAll([]);
  await store.putAll([]);
  await store.deleteAll([]);
  await t.throwsAsync(store.put('', one), { code: 'STORE', message: /^PlainStore\.put: a key must be/ });
  t.is(plain.calls, 0);
  await store.getAll(['a', 'a']);
  t.is(plain.calls, 1);
});

/** A store of which one method does something else. */
function broken(method: keyof Store, act: () => unknown): Store {
  const plain = new PlainStore();
  Object.defineProperty(plain, method, { value: act });
  return checkedStore(plain, { name: 'Broken', timeoutMs: 200 });
}

const call: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  get: (store) => store.get('a'),
  getAll: (store) => store.getAll(['a', 'b', 'c']),
  put: (store) => store.put('a', one),
  putAll: (store) => store.putAll([['a', one]]),
  delete: (store) => store.delete('a'),
  deleteAll: (store) => store.deleteAll(['a']),
  flush: (store) => store.flush(),
};

for (const [method, run] of Object.entries(call)) {
  test(`what ${method} throws is a StoreError, also where it throws at once`, async (t) => {
    const cause = new Error('disk full');
    for (const act of [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
    ]) {
      const error = await t.throwsAsync(run(broken(method as keyof Store, act)), {
        instanceOf: StoreError,
        message: new RegExp(`^Broken\\.${method}.* failed: disk full\\.$`),
      });
      t.is(error.cause, cause);
      t.is(error.operation, method);
      t.true(error.retriable);
    }
  });

  test(`${method} ends when its time is over`, async (t) => {
    const error = await t.throwsAsync(
      run(broken(method as keyof Store, () => new Promise(() => undefined))),
      {
        instanceOf: StoreError,
        message: /no answer within timeoutMs \(200 ms\)/,
      },
    );
    t.true(error.retriable);
    t.true(error.cause instanceof TimeoutError);
  });
}

test('mistakes of the program, and what says so itself, are not retriable; a StoreError stays as it is', async (t) => {
  const own = new StoreError('no', { store: 'x', operation: 'get' });
  const thrown: readonly (readonly [error: unknown, retriable: boolean])[] = [
    [new TypeError('x is undefined'), false],
    [Object.assign(new Error('gone'), { retriable: false }), false],
    [Object.assign(new TypeError('fetch failed'), { retriable: true }), true],
    ['text', true],
  ];
  for (const [cause, retriable] of thrown)
    t.is(
      (await t.throwsAsync<StoreError>(broken('get', () => Promise.reject(cause as Error)).get('a')))
        .retriable,
      retriable,
    );
  t.is(await t.throwsAsync(broken('get', () => Promise.reject(own)).get('a')), own);
});

test('of many keys the error names the first', async (t) => {
  const error = await t.throwsAsync<StoreError>(
    broken('getAll', () => Promise.reject(new Error('no'))).getAll(['a', 'b', 'c']),
  );
  t.regex(error.message, /^Broken\.getAll of key 'a' and 2 more failed: no\.$/);
  t.deepEqual(error.keys, ['a', 'b', 'c']);
});

test('a wrong answer is an error, not a missing key', async (t) => {
  const wrong: readonly (readonly [method: 'get' | 'getAll', answer: unknown, message: RegExp])[] = [
    ['get', null, /the value of key 'a' must be a Buffer, or undefined where there is none, not null/],
    ['get', 'text', /not 'text'/],
    ['getAll', { a: one }, /a Map is needed, not an object/],
    ['getAll', new Map([['b', Uint8Array.from(one)]]), /the value of key 'b' must be a Buffer/],
  ];
  for (const [method, answer, message] of wrong) {
    const error = await t.throwsAsync(
      call[method]?.(broken(method, () => Promise.resolve(answer))) ?? Promise.resolve(),
      {
        instanceOf: StoreError,
        message,
      },
    );
    t.false(error.retriable);
  }
});

test('the signal ends a call, and the store is told', async (t) => {
  const plain = new PlainStore();
  let told: AbortSignal | undefined;
  Object.defineProperty(plain, 'get', {
    value: (_key: string, options: { signal: AbortSignal }) => {
      told = options.signal;
      return new Promise(() => undefined);
    },
  });
  const store = checkedStore(plain);
  const controller = new AbortController();
  const reading = store.get('a', { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  const error = await t.throwsAsync(reading, {
    instanceOf: StoreError,
    message: /the call was aborted: enough/,
  });
  t.is(error.cause, reason);
  t.true(told?.aborted);
  const before = plain.calls;
  await t.throwsAsync(store.put('a', one, { signal: controller.signal }), { instanceOf: StoreError });
  t.is(plain.calls, before);
});

test('what the store can do beside reading and writing is handed on', async (t) => {
  const plain = checkedStore(new PlainStore());
  t.is(plain.entries, undefined);
  t.is(plain.fence, undefined);
  t.is(plain.warnings, undefined);
  const able = Object.assign(new PlainStore(), {
    fence: () => ({ done: Promise.resolve(), isUnsure: false, release: () => undefined }),
    warnings: () => Promise.resolve(['full soon']),
    async *entries() {
      yield ['a', one] as [string, Buffer];
      throw new Error('broken off');
    },
  });
  const store = checkedStore(able);
  t.deepEqual(await store.warnings?.(), ['full soon']);
  t.is(typeof store.fence, 'function');
  const found: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const [key] of store.entries()) found.push(key);
    },
    { instanceOf: StoreError, message: /^PlainStore\.entries failed: broken off\.$/ },
  );
  t.deepEqual(found, ['a']);
});

test('what is no store is refused', (t) => {
  const refused: readonly (readonly [args: unknown[], message: RegExp])[] = [
    [[{}], /the store must have get, getAll, put, putAll, delete, deleteAll, flush/],
    [[new PlainStore(), { timeout: 1 }], /unknown option 'timeout'; did you mean 'timeoutMs'/],
    [[new PlainStore(), { timeoutMs: -1 }], /timeoutMs/],
    [[new PlainStore(), { name: '' }], /name must be text/],
  ];
  for (const [args, message] of refused)
    t.throws(() => Reflect.apply(checkedStore, undefined, args) as unknown, { code: 'CONFIG', message });
});
