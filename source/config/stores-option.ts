import type { MetricsProvider } from '../../metrics/metrics.ts';
import { noopMetrics } from '../../metrics/noop.ts';
import { instrumented, type TenantLabel } from '../../stores/instrumented.ts';
import { isStore } from '../../stores/is-store.ts';
import type { AnyStore } from '../../stores/multi-store.ts';
import { isObject } from '../kernel/is-object.ts';
import type { StoreMap } from '../message-processor.ts';
import { show } from '../kernel/shown-value.ts';

/** A store to hand to the processor, with options. */
export interface StoreWithFlush<S extends AnyStore = AnyStore> {
  readonly store: S;
  /**
   * Whether its `flush()` is awaited before each commit.
   *
   * @defaultValue `false`
   */
  readonly flush?: boolean;
  /**
   * With `metrics`, the calls of a MultiStore are also counted by tenant, in
   * `store_tenant_calls_total`: with `true` by the name of the tenant, with a function by what it
   * returns. Each value makes time series of its own, which are kept as long as the process runs:
   * use it for tens of tenants, or groups of them.
   *
   * @defaultValue none
   */
  readonly tenantLabel?: TenantLabel;
}

/** The option `stores`: by its name each store, alone or with options. */
export type StoresOption<Stores extends StoreMap> = {
  readonly [Name in keyof Stores]: Stores[Name] | StoreWithFlush<Stores[Name]>;
};

/** The stores of a configuration. */
export interface StoresConfig {
  readonly stores: StoreMap;
  /** Names of the stores that are flushed before each commit. */
  readonly flushedStores: readonly string[];
  /** By the names of those stores whose calls are counted by tenant. */
  readonly tenantLabels: Readonly<Record<string, TenantLabel>>;
}

/** The stores as the user's code gets them: unchanged, unless their calls are to be measured. */
export function measuredStores({
  stores,
  tenantLabels,
  metrics,
  topicProcessorName: topicProcessor,
}: Pick<StoresConfig, 'stores' | 'tenantLabels'> & {
  readonly metrics: MetricsProvider;
  readonly topicProcessorName: string;
}): StoreMap {
  if (metrics === noopMetrics) return stores;
  const measured = Object.entries(stores).map(([name, store]) => {
    const tenantLabel = tenantLabels[name];
    const label = tenantLabel === undefined ? {} : { tenantLabel };
    return [name, instrumented(store, { name, metrics, topicProcessor, ...label })] as const;
  });
  return Object.freeze(Object.fromEntries(measured));
}

/** A store itself, or the promise of stores: it would pass for an object without stores. */
function hasNoNames(value: Readonly<Record<string, unknown>>): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return !isPlain && Object.keys(value).length === 0;
}

/** Checks the option `stores`. What is wrong with it is added to the problems. */
export function checkStores(value: unknown, problems: string[]): StoresConfig {
  const stores: Record<string, AnyStore> = {};
  const flushedStores: string[] = [];
  const tenantLabels: Record<string, TenantLabel> = {};
  const isNamed = isObject(value) && !(Symbol.iterator in value) && !hasNoNames(value);
  if (value !== undefined && !isNamed)
    problems.push(`stores must be an object { name: store }, not ${show(value)}`);
  for (const [name, entry] of Object.entries(isNamed ? value : {})) {
    if (isStore(entry)) {
      stores[name] = entry;
      continue;
    }
    if (!isObject(entry) || !isStore(entry['store'])) {
      problems.push(
        `stores.${name} must be a Store, a MultiStore, or { store, flush, tenantLabel }, not ${show(entry)}`,
      );
      continue;
    }
    for (const key of Object.keys(entry)) {
      if (key !== 'store' && key !== 'flush' && key !== 'tenantLabel')
        problems.push(`stores.${name}: unknown option '${key}'; known are store, flush and tenantLabel`);
    }
    const { store, flush, tenantLabel } = entry as {
      store: AnyStore;
      flush?: unknown;
      tenantLabel?: unknown;
    };
    if (flush !== undefined && typeof flush !== 'boolean')
      problems.push(`stores.${name}.flush must be true or false, not ${show(flush)}`);
    if (flush === true) {
      if (typeof store.flush !== 'function')
        problems.push(`stores.${name} is to be flushed, but has no flush method`);
      flushedStores.push(name);
    }
    if (tenantLabel !== undefined) {
      if (tenantLabel !== true && typeof tenantLabel !== 'function')
        problems.push(
          `stores.${name}.tenantLabel must be true or a function of the tenant, not ${show(tenantLabel)}`,
        );
      else if (!('tenant' in store))
        problems.push(`stores.${name}.tenantLabel is for a MultiStore: a Store has no tenants`);
      tenantLabels[name] = tenantLabel as TenantLabel;
    }
    stores[name] = store;
  }
  return {
    stores: Object.freeze(stores),
    flushedStores: Object.freeze(flushedStores),
    tenantLabels: Object.freeze(tenantLabels),
  };
}
