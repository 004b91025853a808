import test from 'ava';
import { AssertionError } from 'node:assert';
import { multiStoreConformance, storeConformance, type ConformanceCase } from '../../source/testing/index.ts';
import { StoreError } from '../../source/kernel/errors.ts';
import type { Store } from '../../stores/store.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { brokenMultiStores } from './broken-multi-stores.ts';
import { brokenStores } from './broken-stores.ts';

/** The titles of the cases that a subject fails. */
async function failing<Subject>(
  cases: readonly ConformanceCase<Subject, string>[],
  subject: () => Subject,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of cases) {
    try {
      await run(subject());
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

/** Runs each broken subject through all cases, and then sees that no case lets all of them pass. */
function catchAll<Subject extends object>(
  what: string,
  broken: Readonly<Record<string, readonly [title: string, make: () => Subject]>>,
  cases: readonly ConformanceCase<{ store: Subject }, string>[],
): void {
  const fitting = cases.filter(({ requires }) => requires !== 'reopen' && requires !== 'fence');
  const caughtBy = new Map<string, string>();
  for (const [fault, [title, make]] of Object.entries(broken)) {
    test.serial(`a ${what} that ${fault} is caught by "${title}"`, async (t) => {
      const caught = await failing(fitting, () => ({ store: make() }));
      for (const each of caught) caughtBy.set(each, fault);
      t.true(caught.includes(title), caught.join('\n'));
      t.true(
        caught.length <= fitting.length / 2,
        `and at least half of the cases pass, not ${caught.length} fail`,
      );
    });
  }
  test.serial(`no case for a ${what} is empty: each catches a broken one`, (t) => {
    t.deepEqual(
      fitting.map(({ title }) => title).filter((title) => !caughtBy.has(title)),
      [],
    );
  });
}

catchAll('Store', brokenStores, storeConformance);
catchAll('MultiStore', brokenMultiStores, multiStoreConformance);

test('there are cases and broken stores enough', (t) => {
  t.true(storeConformance.length >= 60, String(storeConformance.length));
  t.true(multiStoreConformance.length >= 40, String(multiStoreConformance.length));
  t.true(Object.keys(brokenStores).length >= 20);
  t.true(Object.keys(brokenMultiStores).length >= 20);
});

test('titles are told apart, and the lists cannot be changed', (t) => {
  for (const cases of [storeConformance, multiStoreConformance]) {
    t.is(new Set(cases.map(({ title }) => title)).size, cases.length);
    t.true(Object.isFrozen(cases));
  }
});

test('stores that can be opened again must read what was written before; a subject without reopen is told so', async (t) => {
  const backend = new MapStore();
  const multi = new MultiMapStore();
  const [one] = storeConformance.filter(({ requires }) => requires === 'reopen');
  const [other] = multiStoreConformance.filter(({ requires }) => requires === 'reopen');
  await t.notThrowsAsync(async () => one?.run({ store: backend, reopen: () => backend }));
  await t.notThrowsAsync(async () =>
    other?.run({ store: multi, reopen: () => multi, tenant: (name) => `t-${name}` }),
  );
  await t.throwsAsync(async () => one?.run({ store: backend, reopen: () => new MapStore() }), {
    instanceOf: AssertionError,
  });
  await t.throwsAsync(async () => other?.run({ store: multi, reopen: () => new MultiMapStore() }), {
    instanceOf: AssertionError,
  });
  await t.throwsAsync(async () => one?.run({ store: backend }), { message: /must have a reopen function/ });
  await t.throwsAsync(async () => other?.run({ store: multi }), { message: /must have a reopen function/ });
});

test('a store that keeps former owners out passes the cases of fence, and one that does not is caught', async (t) => {
  const cases = storeConformance.filter(({ requires }) => requires === 'fence');
  t.is(cases.length, 2);
  for (const { title, run } of cases) {
    const backend = new MapStore();
    let current = '';
    const open = (isRight: boolean): Store => {
      let own: string | undefined;
      const write = async (work: () => Promise<void>) => {
        if (isRight && own !== undefined && own !== current)
          throw new StoreError('fenced', { store: 'Fenced', operation: 'put' });
        await work();
      };
      return {
        get: (key) => backend.get(key),
        getAll: (keys) => backend.getAll(keys),
        put: (key, value) => write(() => backend.put(key, value)),
        putAll: (entries) => write(() => backend.putAll(entries)),
        delete: (key) => write(() => backend.delete(key)),
        deleteAll: (keys) => write(() => backend.deleteAll(keys)),
        flush: () => backend.flush(),
        fence: ({ id }) => {
          own = id;
          current = id;
          return { done: Promise.resolve(), isUnsure: false, release: () => (own = undefined) };
        },
      };
    };
    await t.notThrowsAsync(run({ store: open(true), reopen: () => open(true) }), title);
    if (title.startsWith('what a later owner'))
      await t.throwsAsync(run({ store: open(false), reopen: () => open(false) }), {
        instanceOf: AssertionError,
      });
    await t.throwsAsync(run({ store: backend, reopen: () => backend }), { message: /method fence/ });
  }
});
