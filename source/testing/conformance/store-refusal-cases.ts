import assert from 'node:assert/strict';
import type { StoreError } from '../../kernel/errors.ts';
import type { Store } from '../../../stores/store.ts';
import { fresh, valueOf } from './conformance-case.ts';
import type { StoreCase } from './store-subject.ts';

/** What cannot be is refused, by a rejection, before anything is written. */
export const storeRefusalCases: readonly StoreCase[] = [
  {
    title: 'getAll with an empty key is refused',
    async run({ store }) {
      await refused(() => store.getAll([fresh('key'), '']));
    },
  },
  {
    title: 'putAll with an empty key is refused, and writes nothing',
    run: ({ store }) =>
      writesNothing(store, (key) =>
        store.putAll([
          [key, valueOf(1)],
          ['', valueOf(2)],
        ]),
      ),
  },
  {
    title: 'deleteAll with an empty key is refused, and deletes nothing',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await refused(() => store.deleteAll([key, '']));
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title: 'a key that is no text is refused',
    async run({ store }) {
      for (const key of [5, null, undefined, {}] as unknown as string[]) {
        await refused(() => store.get(key));
        await refused(() => store.put(key, valueOf(1)));
        await refused(() => store.delete(key));
      }
    },
  },
  {
    title: 'a key with half a surrogate pair is refused: it has no bytes of its own',
    async run({ store }) {
      await refused(() => store.get(`${fresh('key')}\ud800`));
      await refused(() => store.put(`${fresh('key')}\udc00`, valueOf(1)));
    },
  },
  ...(
    [
      ['null', null],
      ['undefined', undefined],
      ['text', '{"n":1}'],
      ['an object', { n: 1 }],
      ['a Uint8Array that is no Buffer', Uint8Array.from(valueOf(1))],
    ] as const
  ).map(([what, value]): StoreCase => ({
    title: `as a value ${what} is refused, and nothing is written`,
    async run({ store }) {
      await writesNothing(store, (key) => store.put(key, value as unknown as Buffer));
      await writesNothing(store, (key) =>
        store.putAll([
          [key, valueOf(1)],
          [fresh('key'), value as unknown as Buffer],
        ]),
      );
    },
  })),
  {
    title: 'a refusal is a rejection: no method throws before it has given its promise',
    async run({ store }) {
      const calls = [
        () => store.get(''),
        () => store.getAll(['']),
        () => store.put('', valueOf(1)),
        () => store.putAll([['', valueOf(1)]]),
        () => store.delete(''),
        () => store.deleteAll(['']),
      ];
      for (const call of calls) {
        let running: Promise<unknown>;
        try {
          running = call();
        } catch (error) {
          assert.fail(`thrown, not rejected: ${String(error)}`);
        }
        await assert.rejects(running);
      }
    },
  },
  {
    title: 'a StoreError names its operation, and is not retriable when the input is what is wrong',
    async run({ store }) {
      const error = await refused(() => store.put('', valueOf(1)));
      assert.equal(error.operation, 'put');
      assert.equal(error.retriable, false);
      assert.equal((await refused(() => store.getAll(['']))).operation, 'getAll');
    },
  },
];

async function refused(call: () => Promise<unknown>): Promise<StoreError> {
  try {
    await call();
  } catch (error) {
    assert.ok(
      error instanceof Error && 'code' in error && error.code === ('STORE' satisfies StoreError['code']),
      `a StoreError is wanted, not ${String(error)}`,
    );
    return error as StoreError;
  }
  return assert.fail('it was not refused');
}

async function writesNothing(store: Store, call: (key: string) => Promise<unknown>): Promise<void> {
  const key = fresh('key');
  await refused(() => call(key));
  assert.equal(await store.get(key), undefined);
}
