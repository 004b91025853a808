import { metricDefinitions } from '../metrics/definitions.ts';
import type { CounterChild, MetricsProvider, ObserverChild } from '../metrics/metrics.ts';
import type { MultiStore } from './multi-store.ts';
import type { Store } from './store.ts';

/** What {@link instrumented} measures with. */
export interface InstrumentedOptions {
  /** The label `store`. */
  readonly name: string;
  readonly metrics: MetricsProvider;
  /** The label `topic_processor`. Default: empty. */
  readonly topicProcessor?: string;
}

const operations = [
  'get',
  'getAll',
  'put',
  'putAll',
  'delete',
  'deleteAll',
  'flush',
  'fetch',
  'push',
] as const;
type Operation = (typeof operations)[number];

interface Gauges {
  readonly seconds: ObserverChild;
  readonly succeeded: CounterChild;
  readonly failed: CounterChild;
}

/**
 * The same store, whose calls are counted and timed (`store_calls_total` with the label `outcome`, `store_call_seconds`), by store and operation. Tenants are no
 * label: their number has no bound. Whatever else the store has, such as `size`, it has still. The `stores` of a TopicProcessor with `metrics` need not be
 * wrapped: it does that.
 */
export function instrumented<Wrapped extends Store<unknown> | MultiStore<unknown>>(
  store: Wrapped,
  { name, metrics, topicProcessor = '' }: InstrumentedOptions,
): Wrapped {
  const calls = metrics.newCounter(metricDefinitions.storeCalls);
  const seconds = metrics.newHistogram(metricDefinitions.storeCallSeconds);
  const gauges = new Map<Operation, Gauges>(
    operations.map((operation) => [
      operation,
      {
        seconds: seconds.labels(topicProcessor, name, operation),
        succeeded: calls.labels(topicProcessor, name, operation, 'ok'),
        failed: calls.labels(topicProcessor, name, operation, 'error'),
      },
    ]),
  );
  return wrap(store, gauges);
}

function wrap<Wrapped extends object>(store: Wrapped, gauges: ReadonlyMap<Operation, Gauges>): Wrapped {
  const methods = new Map<string | symbol, (...args: unknown[]) => unknown>();
  // Not before the store itself: of one that is frozen a Proxy must hand out the very methods.
  const standIn = Object.create(Reflect.getPrototypeOf(store)) as Wrapped;
  return new Proxy(standIn, {
    has: (_standIn, property) => Reflect.has(store, property),
    set: (_standIn, property, value) => Reflect.set(store, property, value, store),
    get(_standIn, property): unknown {
      const known = methods.get(property);
      if (known !== undefined) return known;
      // With the store itself as `this`: behind a Proxy its private fields could not be read.
      const value: unknown = Reflect.get(store, property, store);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = (...args: unknown[]): unknown => Reflect.apply(value, store, args);
      const measured = measuredMethod(property, method, gauges);
      methods.set(property, measured);
      return measured;
    },
  });
}

function measuredMethod(
  property: string | symbol,
  method: (...args: unknown[]) => unknown,
  gauges: ReadonlyMap<Operation, Gauges>,
): (...args: unknown[]) => unknown {
  if (property === 'tenant') return (...args) => wrap(method(...args) as object, gauges);
  const gauge = gauges.get(property as Operation);
  return gauge === undefined ? method : (...args) => measure(gauge, () => method(...args));
}

async function measure({ seconds, succeeded, failed }: Gauges, call: () => unknown): Promise<unknown> {
  const start = performance.now();
  let outcome = failed;
  try {
    const result = await call();
    outcome = succeeded;
    return result;
  } finally {
    outcome.inc();
    seconds.observe((performance.now() - start) / 1000);
  }
}
