import test from 'ava';
import { parseClaim } from '../../source/assignment/static/claim-record.ts';
import { prefetch } from '../../source/prefetch.ts';
import { MapStore } from '../../stores/map-store.ts';
import type { StoreFence, StoreOwner } from '../../stores/store-owner.ts';
import { CLAIMS_GROUP, leaveEntry } from '../_helpers/fakes/claims-on-fake.ts';
import { fixture, GROUP, noting, type SeenBatch } from '../_helpers/fakes/processor-run.ts';

/** A store that notes the runs that it works for. */
class NotingStore extends MapStore {
  readonly owners: StoreOwner[] = [];
  isUnsure = false;
  released = 0;
  #isDone: () => void = () => undefined;

  fence(owner: StoreOwner): StoreFence {
    this.owners.push(owner);
    const isUnsure = () => this.isUnsure;
    return {
      done: new Promise((resolve) => (this.#isDone = resolve)),
      get isUnsure() {
        return isUnsure();
      },
      release: () => {
        this.released++;
      },
    };
  }

  done(): void {
    this.#isDone();
  }
}

const claimed = { claims: true, instanceId: 'one' };

test('the stores of a run learn who it is and who was before it, before init and the first batch', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').append('in', 0, { value: 'a' });
  leaveEntry(kafka, { owner: 'before', instanceId: 'one' });
  const [listed, own] = [new NotingStore(), new NotingStore()];
  let atInit = -1;
  const summing = prefetch(
    own,
    () => 'key',
    () => undefined,
  );
  const run = outcome(
    make(
      {
        ...summing,
        init: () => {
          atInit = listed.owners.length;
        },
      },
      { ...claimed, stores: { listed, again: listed } },
    ).runToEnd(),
  );
  await clock.advance(3_000);
  t.true((await run).ok);
  t.is(atInit, 1);
  t.is(listed.owners.length, 1, 'a store is asked once');
  const [owner] = listed.owners;
  t.deepEqual(owner?.former, ['before']);
  t.is(owner?.group, GROUP);
  t.true((owner?.fence ?? 0) > 0);
  t.deepEqual(
    own.owners.map(({ id }) => id),
    [owner?.id],
    'the store of prefetch, too',
  );
  t.is(listed.released, 1);
  t.is(own.released, 1);
});

test('the claims name a former owner until all stores are sure of it', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in');
  leaveEntry(kafka, { owner: 'before', instanceId: 'one' });
  const stores = { one: new NotingStore(), two: new NotingStore() };
  const processor = make(noting([]), { ...claimed, stores });
  const run = outcome(processor.runLoop());
  const unfenced = () =>
    parseClaim(kafka.committedOf(CLAIMS_GROUP, { topic: 'in', partition: 0 }).metadata)?.unfenced;
  await clock.advance(7_000);
  t.deepEqual(unfenced(), ['before']);
  stores.one.done();
  await clock.advance(3_000);
  t.deepEqual(unfenced(), ['before']);
  stores.two.done();
  await clock.advance(3_000);
  t.is(unfenced(), undefined);
  await processor.close();
  t.true((await run).ok);
});

test('a run whose store gave up a write says so when it releases its claims', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in');
  const store = new NotingStore();
  const processor = make(noting([]), { ...claimed, stores: { store } });
  const run = outcome(processor.runLoop());
  await clock.advance(3_000);
  store.done();
  store.isUnsure = true;
  await processor.close();
  t.true((await run).ok);
  const record = parseClaim(kafka.committedOf(CLAIMS_GROUP, { topic: 'in', partition: 0 }).metadata);
  t.true(record?.released);
  t.deepEqual(record?.unfenced, [store.owners[0]?.id ?? '']);
});

test('without claims a warning says that nothing is known of former owners; without such stores there is none', async (t) => {
  const { kafka, log, make, outcome } = fixture(t);
  kafka.createTopic('in').append('in', 0, { value: 'a' });
  const batches: SeenBatch[] = [];
  const store = new NotingStore();
  t.true((await outcome(make(noting(batches), { stores: { store } }).runToEnd())).ok);
  t.is(store.owners[0]?.fence, undefined);
  t.deepEqual(store.owners[0]?.former, []);
  const warned = () => log.messages('warn').filter((message) => message.startsWith('claims: false')).length;
  t.is(warned(), 1);
  t.true((await outcome(make(noting(batches), { stores: { map: new MapStore() } }).runToEnd())).ok);
  t.is(warned(), 1);
});
