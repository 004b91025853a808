import { metricDefinitions } from '../metrics/definitions.ts';
import type { MetricsProvider } from '../metrics/metrics.ts';
import { checkArguments } from '../source/kernel/check-arguments.ts';
import { checkOptionNames } from '../source/kernel/check-option-names.ts';
import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import { isStore } from './is-store.ts';
import { MeteredCalls, storeOperations, tenantsOf } from './metered-calls.ts';
import type { AnyStore } from './multi-store.ts';

/** What {@link instrumented} measures with. */
export interface InstrumentedOptions {
  /** The label `store`. */
  readonly name: string;
  readonly metrics: MetricsProvider;
  /** The label `topic_processor`. Default: empty. */
  readonly topicProcessor?: string;
  /**
   * For a MultiStore: also counts calls by tenant, in `store_tenant_calls_total`. `true` uses the
   * tenant's name as the label `tenant`; a function gives the label, such as the tenant's plan.
   * Each label value makes a series for every operation and outcome, which is kept forever: use it
   * for tens of tenants, or groups of them. Default: none.
   */
  readonly tenantLabel?: TenantLabel;
}

/** How the label `tenant` is made from a tenant's name. */
export type TenantLabel = true | ((tenant: string) => string);

type Method = (...args: unknown[]) => unknown;

/**
 * The same store, with its calls counted and timed (`store_calls_total` with the label `outcome`,
 * `store_call_seconds`), by store and operation. Listing `entries` is one call, and its time is
 * that of the store's steps. Tenants are not a label unless `tenantLabel` says so, since their
 * number is unlimited. Everything else that the store has, such as `size`, is still there. Stores
 * in the option `stores` of a TopicProcessor with `metrics` need not be wrapped: the processor does
 * that.
 *
 * @throws ConfigError for what is no store, and for options that do not fit
 */
export function instrumented<Wrapped extends AnyStore>(
  store: Wrapped,
  options: InstrumentedOptions,
): Wrapped {
  checkOptionNames('instrumented', options, ['name', 'metrics', 'topicProcessor', 'tenantLabel']);
  const { name, metrics, topicProcessor = '', tenantLabel } = options;
  const provides = ['newCounter', 'newHistogram'];
  checkArguments(
    'instrumented',
    [isStore(store), 'the store must be a Store or a MultiStore', store],
    [typeof (name as unknown) === 'string', 'name must be text', name],
    [
      isObject(metrics) && hasMethods(metrics, provides),
      'metrics must be a MetricsProvider, such as PrometheusMetrics',
      metrics,
    ],
  );
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
  // The Proxy is not made over the store itself: for a frozen store, a Proxy must return the
  // original methods.
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
      // Called with the store itself as `this`: its private fields cannot be read through a Proxy.
      const value: unknown = Reflect.get(store, property, store);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = measured(property, (...args) => Reflect.apply(value, store, args));
      methods.set(property, method);
      return method;
    },
  });
}
