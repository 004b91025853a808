import type { CounterChild, ObserverChild } from '../metrics/metrics.ts';
import { MultiMap } from './multi-store.ts';

/** Methods that are counted and timed. */
export const storeOperations = [
  'get',
  'getAll',
  'put',
  'putAll',
  'delete',
  'deleteAll',
  'flush',
  'fetch',
  'push',
  'entries',
] as const;

type Outcome = 'ok' | 'error';

/** The metrics of one operation of one store. */
export interface CallMetrics {
  readonly seconds: ObserverChild;
  readonly succeeded: CounterChild;
  readonly failed: CounterChild;
  /** Undefined if tenants are not distinguished. */
  readonly ofTenant: (label: string, outcome: Outcome) => CounterChild | undefined;
}

/** Counts and times the calls of one operation. */
export class MeteredCalls {
  readonly #metrics: CallMetrics;
  readonly #ofTenants = { ok: new Map<string, CounterChild>(), error: new Map<string, CounterChild>() };

  constructor(metrics: CallMetrics) {
    this.#metrics = metrics;
  }

  /** @param tenants the labels of the tenants that the call is about */
  async ofCall(tenants: readonly string[], call: () => unknown): Promise<unknown> {
    const start = performance.now();
    let outcome: Outcome = 'error';
    try {
      const result = await call();
      outcome = 'ok';
      return result;
    } finally {
      this.#note(tenants, outcome, performance.now() - start);
    }
  }

  /**
   * One call from its first step to its end, or until the caller leaves it. A value that is not an
   * asynchronous iterable is passed on as it is.
   */
  ofEntries(tenants: readonly string[], entries: unknown): unknown {
    return isAsyncIterable(entries) ? this.#steps(tenants, entries[Symbol.asyncIterator]()) : entries;
  }

  async *#steps(tenants: readonly string[], steps: AsyncIterator<unknown>): AsyncGenerator {
    let busyMs = 0;
    let outcome: Outcome | undefined;
    try {
      for (;;) {
        const start = performance.now();
        const step = await steps.next().finally(() => (busyMs += performance.now() - start));
        if (step.done === true) {
          outcome = 'ok';
          return;
        }
        yield step.value;
      }
    } catch (error) {
      outcome = 'error';
      throw error;
    } finally {
      this.#note(tenants, outcome ?? 'ok', busyMs);
      // The caller has left it.
      if (outcome === undefined) await steps.return?.();
    }
  }

  #note(tenants: readonly string[], outcome: Outcome, ms: number): void {
    const { seconds, succeeded, failed } = this.#metrics;
    (outcome === 'ok' ? succeeded : failed).inc();
    seconds.observe(ms / 1000);
    for (const label of tenants) this.#ofTenant(label, outcome)?.inc();
  }

  #ofTenant(label: string, outcome: Outcome): CounterChild | undefined {
    const known = this.#ofTenants[outcome].get(label);
    if (known !== undefined) return known;
    const child = this.#metrics.ofTenant(label, outcome);
    if (child !== undefined) this.#ofTenants[outcome].set(label, child);
    return child;
  }
}

/** The tenants that a call of fetch or push names, each once. */
export function tenantsOf(operation: string, [given]: readonly unknown[]): ReadonlySet<string> {
  const tenants = new Set<string>();
  // The store itself will refuse anything else.
  if (operation === 'push' && given instanceof MultiMap)
    for (const tenant of given.tenants()) tenants.add(tenant);
  if (operation === 'fetch' && Array.isArray(given)) {
    const keys: readonly unknown[] = given;
    for (const key of keys) {
      if (typeof key === 'object' && key !== null && 'tenant' in key && typeof key.tenant === 'string')
        tenants.add(key.tenant);
    }
  }
  return tenants;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
