import { metricDefinitions } from '../metrics/definitions.ts';
import type { MetricsProvider } from '../metrics/metrics.ts';
import { MeteredCalls, storeOperations, tenantsOf } from './metered-calls.ts';
import type { MultiStore } from './multi-store.ts';
import type { Store } from './store.ts';

/** What {@link instrumented} measures with. */
export interface InstrumentedOptions {
  /** The label `store`. */
  readonly name: string;
  readonly metrics: MetricsProvider;
  /** The label `topic_processor`. Default: empty. */
  readonly topicProcessor?: string;
  /**
   * Of a MultiStore: also counts calls by tenant, in `store_tenant_calls_total`. `true` takes the tenant's name for the label `tenant`; a function gives the label, such as the
   * tenant's plan. Each value of it makes a series for every operation and outcome, kept for ever: for tens of tenants, or groups of them. Default: none.
   */
  readonly tenantLabel?: TenantLabel;
}

/** How the label `tenant` is made of a tenant's name. */
export type TenantLabel = true | ((tenant: string) => string);

type Method = (...args: unknown[]) => unknown;

/**
 * The same store, whose calls are counted and timed (`store_calls_total` with the label `outcome`, `store_call_seconds`), by store and operation. A list of `entries` is one call, and its
 * time that of the store's steps. Tenants are no label unless `tenantLabel` says so: their number has no bound. Whatever else the store has, such as `size`, it has still.
 * The `stores` of a TopicProcessor with `metrics` need not be wrapped: it does that.
 */
export function instrumented<Wrapped extends Store<unknown> | MultiStore<unknown>>(
  store: Wrapped,
  { name, metrics, topicProcessor = '', tenantLabel }: InstrumentedOptions,
): Wrapped {
  const calls = metrics.newCounter(metricDefinitions.storeCalls);
  const seconds = metrics.newHistogram(metricDefinitions.storeCallSeconds);
  const tenantCalls =
    tenantLabel === undefined ? undefined : metrics.newCounter(metricDefinitions.storeTenantCalls);
  const meters = new Map<string, MeteredCalls>(
    storeOperations.map((operation) => [
      operation,
      new MeteredCalls({
        seconds: seconds.labels(topicProcessor, name, operation),
        succeeded: calls.labels(topicProcessor, name, operation, 'ok'),
        failed: calls.labels(topicProcessor, name, operation, 'error'),
        ofTenant: (tenant, outcome) => tenantCalls?.labels(topicProcessor, name, operation, outcome, tenant),
      }),
    ]),
  );
  const labelOf = tenantLabel === true ? (tenant: string) => tenant : tenantLabel;
  return wrap(store, { meters, labelOf, tenants: [] });
}

/** What the calls of a wrapped store are counted with. */
interface Wrapping {
  /** By operation. */
  readonly meters: ReadonlyMap<string, MeteredCalls>;
  readonly labelOf: ((tenant: string) => string) | undefined;
  /** The labels of those whose store it is. */
  readonly tenants: readonly string[];
}

function wrap<Wrapped extends object>(store: Wrapped, { meters, labelOf, tenants }: Wrapping): Wrapped {
  const methods = new Map<string | symbol, Method>();
  // Not before the store itself: of one that is frozen a Proxy must hand out the very methods.
  const standIn = Object.create(Reflect.getPrototypeOf(store)) as Wrapped;
  const measured = (property: string | symbol, method: Method): Method => {
    if (property === 'tenant') {
      return (...args) => {
        const [tenant] = args;
        const of = labelOf === undefined ? [] : [labelOf(String(tenant))];
        return wrap(method(...args) as object, { meters, labelOf, tenants: of });
      };
    }
    const meter = typeof property === 'string' ? meters.get(property) : undefined;
    if (meter === undefined) return method;
    if (property === 'entries') return (...args) => meter.ofEntries(tenants, method(...args));
    if (labelOf === undefined || (property !== 'fetch' && property !== 'push'))
      return (...args) => meter.ofCall(tenants, () => method(...args));
    return (...args) => {
      const labels = new Set([...tenantsOf(property, args)].map(labelOf));
      return meter.ofCall([...labels], () => method(...args));
    };
  };
  return new Proxy(standIn, {
    has: (_standIn, property) => Reflect.has(store, property),
    set: (_standIn, property, value) => Reflect.set(store, property, value, store),
    get(_standIn, property): unknown {
      const known = methods.get(property);
      if (known !== undefined) return known;
      // With the store itself as `this`: behind a Proxy its private fields could not be read.
      const value: unknown = Reflect.get(store, property, store);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = measured(property, (...args) => Reflect.apply(value, store, args));
      methods.set(property, method);
      return method;
    },
  });
}
