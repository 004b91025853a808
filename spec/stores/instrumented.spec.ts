import test from 'ava';
import type { MetricOptions, MetricsProvider } from '../../metrics/metrics.ts';
import { noopMetrics } from '../../metrics/noop.ts';
import { multiStoreConformance, storeConformance } from '../../source/testing/index.ts';
import { instrumented } from '../../stores/instrumented.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { MultiMap } from '../../stores/multi-store.ts';
import type { ListedStore, Store, StoreEntries } from '../../stores/store.ts';
import { fixture } from '../_helpers/fakes/processor-run.ts';

/** Keeps what was measured: "name{labels} value". */
function keptMetrics() {
  const lines: string[] = [];
  const metric = ({ name, labelNames = [] }: MetricOptions) => ({
    labels: (...values: readonly string[]) => {
      if (values.length !== labelNames.length) throw new Error(`${name}: labels do not fit`);
      const note = (value: number | undefined) => lines.push(`${name}{${values.join()}} ${value ?? 1}`);
      return { inc: note, set: note, observe: note };
    },
  });
  const metrics: MetricsProvider = {
    newCounter: metric,
    newGauge: metric,
    newSummary: metric,
    newHistogram: metric,
  };
  const of = (name: string) => lines.filter((line) => line.startsWith(`${name}{`));
  return { metrics, of };
}

const options = { name: 's', metrics: noopMetrics };
for (const { title, requires, run } of storeConformance) {
  if (requires === 'reopen' || requires === 'fence') continue;
  test(title, async (t) => {
    await t.notThrowsAsync(run({ store: instrumented(new MapStore(), options) }));
  });
}
for (const { title, requires, run } of multiStoreConformance) {
  if (requires === 'reopen') continue;
  test(`many tenants: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ store: instrumented(new MultiMapStore(), options) }));
  });
}

test('calls are counted and timed by store, operation and outcome, tenants not told apart', async (t) => {
  const { metrics, of } = keptMetrics();
  const store = instrumented(new MapStore(), { name: 'one', metrics, topicProcessor: 'job' });
  await store.put('a', Buffer.from('1'));
  await store.get('a');
  await store.getAll(['a']);
  await t.throwsAsync(store.get(''));
  const multi = instrumented(new MultiMapStore(), { name: 'many', metrics });
  await multi.push(new MultiMap().set('t', 'a', Buffer.from('1')));
  await multi.tenant('t').delete('a');
  t.deepEqual(of('store_calls_total'), [
    'store_calls_total{job,one,put,ok} 1',
    'store_calls_total{job,one,get,ok} 1',
    'store_calls_total{job,one,getAll,ok} 1',
    'store_calls_total{job,one,get,error} 1',
    'store_calls_total{,many,push,ok} 1',
    'store_calls_total{,many,delete,ok} 1',
  ]);
  t.is(of('store_call_seconds').length, 6);
  t.true(of('store_call_seconds').every((line) => Number(line.split(' ')[1]) < 5));
});

test('whatever else a store has, it has still', async (t) => {
  const store = instrumented(new MapStore(), options);
  await store.put('a', Buffer.from('1'));
  t.is(store.size, 1);
  t.true(store instanceof MapStore);
});

test.serial(
  'entries are one call, timed by the steps of the store, however they end; what is no list is handed on',
  async (t) => {
    const { metrics, of } = keptMetrics();
    const store = instrumented(new MapStore(), { name: 's', metrics });
    await store.putAll(['a', 'b'].map((key) => [key, Buffer.from(key)] as const));
    const keys: string[] = [];
    for await (const [key] of store.entries()) {
      keys.push(key);
      // What the caller does in between.
      for (const end = performance.now() + 100; performance.now() < end;);
    }
    t.deepEqual(keys, ['a', 'b']);
    for await (const [key] of store.entries({ from: 'b' })) {
      t.is(key, 'b');
      break;
    }
    await t.throwsAsync(store.entries({ from: 5 as never }).next(), { code: 'STORE' });
    t.deepEqual(of('store_calls_total').slice(1), [
      'store_calls_total{,s,entries,ok} 1',
      'store_calls_total{,s,entries,ok} 1',
      'store_calls_total{,s,entries,error} 1',
    ]);
    const [, seconds = ''] = of('store_call_seconds');
    t.true(Number(seconds.split(' ')[1]) < 0.1, `the time of the caller is not the store's: ${seconds}`);
    const other = instrumented(Object.assign(new MapStore(), { entries: () => 5 as never }), {
      name: 's',
      metrics,
    });
    t.is<unknown, unknown>(other.entries(), 5);
  },
);

test('with tenantLabel calls are counted by tenant as well, one about several for each', async (t) => {
  const { metrics, of } = keptMetrics();
  const one = Buffer.from('1');
  const all = instrumented(new MultiMapStore(), {
    name: 'm',
    metrics,
    topicProcessor: 'job',
    tenantLabel: true,
  });
  await all.push(new MultiMap().set('a', 'x', one).set('a', 'y', one).set('b', 'x', one));
  await all.fetch([{ tenant: 'b', key: 'x' }]);
  await all.tenant('a').get('x');
  await t.throwsAsync(all.tenant('a').get(''));
  for await (const _entry of listed(all.tenant('a')).entries()) break;
  await all.flush();
  t.deepEqual(of('store_tenant_calls_total'), [
    'store_tenant_calls_total{job,m,push,ok,a} 1',
    'store_tenant_calls_total{job,m,push,ok,b} 1',
    'store_tenant_calls_total{job,m,fetch,ok,b} 1',
    'store_tenant_calls_total{job,m,get,ok,a} 1',
    'store_tenant_calls_total{job,m,get,error,a} 1',
    'store_tenant_calls_total{job,m,entries,ok,a} 1',
  ]);
  t.is(of('store_calls_total').length, 6, 'and each call once, without tenants');
});

test('a function of tenantLabel puts tenants together', async (t) => {
  const { metrics, of } = keptMetrics();
  const tenantLabel = (tenant: string) => (tenant.startsWith('big') ? tenant : 'others');
  const store = instrumented(new MultiMapStore(), { name: 'm', metrics, tenantLabel });
  const keys = ['big-1', 'x', 'y', 'big-2'].map((tenant) => ({ tenant, key: 'k' }));
  await store.fetch(keys);
  await store.tenant('z').get('k');
  t.deepEqual(of('store_tenant_calls_total'), [
    'store_tenant_calls_total{,m,fetch,ok,big-1} 1',
    'store_tenant_calls_total{,m,fetch,ok,others} 1',
    'store_tenant_calls_total{,m,fetch,ok,big-2} 1',
    'store_tenant_calls_total{,m,get,ok,others} 1',
  ]);
});

test('a processor counts by tenant where its option stores says so', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  const { metrics, of } = keptMetrics();
  kafka.createTopic('in');
  kafka.append('in', 0, 'a');
  const processor = {
    async process(_messages: unknown, _sender: unknown, { stores }: { stores: Record<string, unknown> }) {
      await (stores['many'] as MultiMapStore).tenant('t').put('a', Buffer.from('1'));
    },
  };
  const stores = { many: { store: new MultiMapStore(), tenantLabel: true as const } };
  t.true((await outcome(make(processor, { stores, metrics }).runToEnd())).ok);
  t.deepEqual(of('store_tenant_calls_total'), ['store_tenant_calls_total{spec,many,put,ok,t} 1']);
});

/** What a store of many tenants gives for one, which can list. */
function listed(store: Store): ListedStore {
  if (store.entries === undefined) throw new Error('there is no entries');
  return store as ListedStore;
}

test('a store that is frozen is measured, and what is set on one is set', async (t) => {
  const { metrics, of } = keptMetrics();
  const inner = new MapStore();
  const frozen: Store = Object.freeze({
    get: (key: string) => inner.get(key),
    getAll: (keys: readonly string[]) => inner.getAll(keys),
    put: (key: string, value: Buffer) => inner.put(key, value),
    putAll: (entries: StoreEntries) => inner.putAll(entries),
    delete: (key: string) => inner.delete(key),
    deleteAll: (keys: readonly string[]) => inner.deleteAll(keys),
    flush: () => inner.flush(),
  });
  await instrumented(frozen, { name: 's', metrics }).put('a', Buffer.from('1'));
  t.is(inner.size, 1);
  t.is(of('store_calls_total').length, 1);
  const own = { ...frozen, note: '' };
  instrumented(own, { name: 's', metrics }).note = 'set';
  t.is(own.note, 'set');
});

test('a processor with metrics measures its stores, one without hands out the very ones', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  const { metrics, of } = keptMetrics();
  const counts = new MapStore();
  kafka.createTopic('in');
  kafka.append('in', 0, 'a');
  const seen: unknown[] = [];
  const processor = {
    async process(_messages: unknown, _sender: unknown, context: { stores: Record<string, unknown> }) {
      seen.push(context.stores['counts']);
      await (context.stores['counts'] as MapStore).put('a', Buffer.from('1'));
    },
  };
  const flushed = { counts: { store: counts, flush: true } };
  t.true((await outcome(make(processor, { stores: flushed, metrics }).runToEnd())).ok);
  t.is(counts.size, 1);
  t.deepEqual(of('store_calls_total'), [
    'store_calls_total{spec,counts,put,ok} 1',
    'store_calls_total{spec,counts,flush,ok} 1',
  ]);
  kafka.append('in', 0, 'b');
  t.true((await outcome(make(processor, { stores: { counts } }).runToEnd())).ok);
  t.not(seen[0], counts);
  t.is(seen[1], counts);
});
