import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { FencedError, KasperError } from '../../kernel/errors.ts';
import { silentLogger } from '../../kernel/logger.ts';
import type { Store } from '../../../stores/store.ts';
import type { StoreFence, StoreOwner } from '../../../stores/store-owner.ts';
import { fresh, valueOf } from './conformance-case.ts';
import type { StoreCase, StoreSubject } from './store-subject.ts';

let fences = 0;

/** An owner that is later than all before. */
class TestOwner implements StoreOwner {
  readonly group = 'conformance';
  readonly id = randomUUID();
  readonly fence = Date.now() + fences++;
  readonly former: readonly string[];
  readonly logger = silentLogger;
  /** Another owner has the partitions now. */
  isFenced = false;

  constructor(...former: readonly TestOwner[]) {
    this.former = former.map(({ id }) => id);
  }

  stillOwned(): Promise<void> {
    return this.isFenced ? Promise.reject(new FencedError('taken over')) : Promise.resolve();
  }
}

/** What a store must do that keeps out what former owners began to write. */
export const storeFenceCases: readonly StoreCase[] = [
  {
    title: 'in a run a store is read, written and deleted from as before it and after it',
    requires: 'fence',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      const fence = await fenced(store, new TestOwner());
      await store.put(key, valueOf(2));
      await store.delete(key);
      assert.equal(await store.get(key), undefined);
      await store.putAll([[key, valueOf(3)]]);
      fence.release();
      fence.release();
      assert.deepEqual(await store.get(key), valueOf(3));
      await store.put(key, valueOf(4));
      assert.deepEqual(await store.get(key), valueOf(4));
    },
  },
  {
    title: 'what a later owner has written is not replaced or deleted by a former one',
    requires: 'fence',
    async run(subject) {
      const { store } = subject;
      const next = await reopened(subject);
      const [one, other] = [fresh('one'), fresh('other')];
      const former = new TestOwner();
      const fences = [await fenced(store, former)];
      await store.put(one, valueOf(1));
      former.isFenced = true;
      fences.push(await fenced(next, new TestOwner(former)));
      try {
        await next.putAll([
          [one, valueOf(2)],
          [other, valueOf(2)],
        ]);
        await assert.rejects(store.put(one, valueOf(3)), isStoreError);
        await assert.rejects(store.deleteAll([other]), isStoreError);
        assert.deepEqual(await next.get(one), valueOf(2));
        assert.deepEqual(await next.get(other), valueOf(2));
      } finally {
        for (const fence of fences) fence.release();
      }
    },
  },
];

async function fenced(store: Store, owner: StoreOwner): Promise<StoreFence> {
  assert.ok(store.fence !== undefined, 'the store must have the method fence for this case');
  const fence = store.fence(owner);
  await fence.done;
  return fence;
}

function isStoreError(error: unknown): boolean {
  return KasperError.is(error) && error.code === 'STORE';
}

function reopened(subject: StoreSubject): Store | Promise<Store> {
  assert.ok(subject.reopen !== undefined, 'the subject must have a reopen function for this case');
  return subject.reopen();
}
