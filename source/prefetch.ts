import { isStore } from '../stores/is-store.ts';
import { MultiMap, type AnyStore, type MultiStore, type TenantKey } from '../stores/multi-store.ts';
import { columnsOf } from '../stores/store-columns.ts';
import type { Store, StoreCallOptions } from '../stores/store.ts';
import { isBatchError, type BatchError } from './batch-error.ts';
import { ConfigError, KasperError } from './kernel/errors.ts';
import { isObject } from './kernel/is-object.ts';
import { isRefusedPromise } from './kernel/refused-promise.ts';
import { show } from './kernel/shown-value.ts';
import type { ConsumerMessage } from './message.ts';
import type { MessageProcessor, ProcessContext, StoreMap, Unseen } from './message-processor.ts';
import type { KeysOf, NamedKeys, StoreFor, TenantKeysOf, ViewFor } from './prefetch-keys.ts';
import { KeyView, ViewLife, type BatchView, type MultiBatchView } from './prefetch-view.ts';
import type { Sender } from './sender.ts';

export type { KeysKind, KeysOf, NamedKeys, StoreFor, TenantKeysOf, ViewFor } from './prefetch-keys.ts';
export type { BatchView, MultiBatchView } from './prefetch-view.ts';

/** Processes a batch with the values of its keys. */
export type PrefetchFunction<Value, Stores extends StoreMap = StoreMap> = (
  messages: readonly ConsumerMessage[],
  sender: Sender,
  view: BatchView<Value>,
  context: ProcessContext<Stores>,
) => void | Promise<void>;

/** Processes a batch with the values of its tenants' keys. */
export type MultiPrefetchFunction<Value, Stores extends StoreMap = StoreMap> = (
  messages: readonly ConsumerMessage[],
  sender: Sender,
  view: MultiBatchView<Value>,
  context: ProcessContext<Stores>,
) => void | Promise<void>;

/**
 * Makes a MessageProcessor that reads what a batch needs in one call, runs a function on it, and
 * writes the changes back. All of this is inside `process`. With `concurrency: 1` no two batches
 * overlap; with more, a key must belong to one partition.
 *
 * A Store gets one `getAll`, one `putAll` and one `deleteAll`; a MultiStore, for which `keysOf`
 * names `{ tenant, key }`, one `fetch`, one `push`, and one `deleteAll` for each tenant that loses
 * keys, in parallel. A call with nothing to do is left out.
 *
 * When the function throws, nothing is written. A BatchError means partial success: what was set
 * before it belongs to the messages that are done, and is written. A failed read or write fails the
 * batch. After that, some values may be written, and the batch is reprocessed. For exact sums, let
 * each value hold, for each input topic-partition, the next offset that it does not include yet,
 * and skip lower ones.
 *
 * @param store a Store or MultiStore, with a codec or without, or a function that picks it from
 *   `context.stores`. Where the stores of a job come from a function, TypeScript cannot see the
 *   type of the picked one's values: `prefetch<Count>(…)` says it
 * @param keysOf called once for each message
 * @throws ConfigError for what is no store or no function
 * @example
 * prefetch(counts, (message) => message.keyText, (messages, sender, view) => {
 *   for (const { keyText } of messages) if (keyText !== null) view.set(keyText, (view.get(keyText) ?? 0) + 1);
 * });
 */
export function prefetch<
  Value = Unseen,
  Stores extends StoreMap = Unseen,
  Keys extends NamedKeys = NamedKeys,
>(
  store: StoreFor<Keys, Value> | ((stores: Stores) => StoreFor<Keys, Value>),
  keysOf: (message: ConsumerMessage) => Keys,
  run: (
    messages: readonly ConsumerMessage[],
    sender: Sender,
    view: ViewFor<Keys, Value>,
    context: ProcessContext<Stores>,
  ) => void | Promise<void>,
): MessageProcessor<Stores> {
  const pick = pickerOf<Value>(store, keysOf, run);
  return {
    ...(typeof store === 'function' ? {} : { ownStores: [store] }),
    // It writes to a store.
    overlapsFlush: false,
    async process(messages, sender, context) {
      const target = pick(context.stores);
      const life = new ViewLife(context.signal);
      const attempt = { messages, life, options: { signal: context.signal } };
      const batch =
        'fetch' in target
          ? await openMulti(target, keysOf as TenantKeysOf, attempt)
          : await openSingle(target, keysOf as KeysOf, attempt);
      context.signal.throwIfAborted();
      let partial: BatchError | undefined;
      try {
        // Which of the two views it is follows from the store, as the types of the keys say.
        const running = run(messages, sender, batch.view as ViewFor<Keys, Value>, context);
        if (running !== undefined) await running;
      } catch (error) {
        if (!isBatchError(error)) throw error;
        partial = error;
      } finally {
        life.end();
      }
      context.signal.throwIfAborted();
      // By now another owner may have what was read and processed.
      await context.stillOwned();
      try {
        await batch.write();
      } catch (error) {
        if (partial !== undefined && KasperError.is(error)) error.suppressed.push(partial);
        throw error;
      }
      if (partial !== undefined) throw partial;
    },
  };
}

/**
 * The function that picks the store, of what may come from JavaScript.
 *
 * @throws ConfigError
 */
function pickerOf<Value>(
  store: unknown,
  keysOf: unknown,
  run: unknown,
): (stores: StoreMap) => AnyStore<Value> {
  const problems: string[] = [];
  if (typeof store !== 'function' && !isStore(store))
    problems.push(
      `the store must be a Store, a MultiStore, or a function (stores) => store, not ${show(store)}`,
    );
  if (typeof keysOf !== 'function')
    problems.push(`keysOf must be a function (message) => keys, not ${show(keysOf)}`);
  if (typeof run !== 'function')
    problems.push(`the last argument must be a function (messages, sender, view, context), not ${show(run)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'prefetch' });
  if (typeof store !== 'function') return () => store as AnyStore<Value>;
  const pick = store as (stores: StoreMap) => unknown;
  return (stores) => {
    const picked = pick(stores);
    if (isStore(picked)) return picked as AnyStore<Value>;
    const names = Object.keys(stores).join(', ');
    throw new ConfigError(
      [
        `the function picked ${show(picked)}, which is not a store: ` +
          (names === '' ? 'there are none in the option stores' : `the option stores has ${names}`),
      ],
      { what: 'prefetch' },
    );
  };
}

/** One attempt at a batch. */
interface Attempt {
  readonly messages: readonly ConsumerMessage[];
  readonly life: ViewLife;
  readonly options: StoreCallOptions;
}

/** The view of a batch, and how its changes get back to the store. */
interface OpenBatch<View> {
  readonly view: View;
  write(): Promise<void>;
}

async function openSingle<Value>(
  store: Store<Value>,
  keysOf: KeysOf,
  { messages, life, options }: Attempt,
): Promise<OpenBatch<BatchView<Value>>> {
  const view = new KeyView<Value>(life);
  for (const message of messages) {
    const keys = keysOf(message);
    if (typeof keys === 'string') view.name(keys);
    else if (isObject(keys) && Symbol.iterator in keys) for (const key of keys) view.name(key);
    else if (keys !== null && keys !== undefined)
      throw noKeys(keys, 'a key, a list of keys, null or undefined');
  }
  const { named } = view;
  const columns = columnsOf(store);
  if (named.length > 0) {
    if (columns !== undefined) view.fill(await columns.read(named, options));
    else {
      const found = await store.getAll([...named], options);
      view.fill(named.map((key) => found.get(key)));
    }
  }
  return {
    view,
    async write() {
      const { puts, deletes } = view;
      if (puts.keys.length > 0) {
        if (columns !== undefined) await columns.write(puts, options);
        else
          await store.putAll(new Map(puts.keys.map((key, at) => [key, puts.values[at] as Value])), options);
      }
      if (deletes.length > 0) await store.deleteAll(deletes, options);
    },
  };
}

async function openMulti<Value>(
  store: MultiStore<Value>,
  keysOf: TenantKeysOf,
  { messages, life, options }: Attempt,
): Promise<OpenBatch<MultiBatchView<Value>>> {
  const tenants = new Map<string, KeyView<Value>>();
  const of = (tenant: string) => {
    let view = tenants.get(tenant);
    if (view === undefined) tenants.set(tenant, (view = new KeyView(life)));
    return view;
  };
  for (const message of messages) {
    const keys = keysOf(message) ?? [];
    if (isList(keys)) for (const key of keys) nameOf(of, key);
    else nameOf(of, keys);
  }
  const wanted: TenantKey[] = [];
  for (const [tenant, { named }] of tenants) for (const key of named) wanted.push({ tenant, key });
  if (wanted.length > 0) {
    const found = await store.fetch(wanted, options);
    for (const [tenant, view] of tenants) {
      const ofTenant = found.tenant(tenant);
      view.fill(view.named.map((key) => ofTenant.get(key)));
    }
  }
  return {
    view: {
      get: (tenant, key) => of(tenant).get(key),
      has: (tenant, key) => of(tenant).has(key),
      set: (tenant, key, value) => {
        of(tenant).set(key, value);
      },
      delete: (tenant, key) => {
        of(tenant).delete(key);
      },
    },
    async write() {
      const puts = new MultiMap<Value>();
      for (const [tenant, view] of tenants) {
        const { keys, values } = view.puts;
        for (const [at, key] of keys.entries()) puts.set(tenant, key, values[at] as Value);
      }
      if (puts.size > 0) await store.push(puts, options);
      const deletes = [...tenants].filter(([, view]) => view.deletes.length > 0);
      // All are awaited, even if one fails: none may be in flight when the next batch begins.
      const outcomes = await Promise.allSettled(
        deletes.map(([tenant, view]) => store.tenant(tenant).deleteAll(view.deletes, options)),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function nameOf<Value>(of: (tenant: string) => KeyView<Value>, key: unknown): void {
  if (!isObject(key) || key instanceof Promise)
    throw noKeys(key, '{ tenant, key }, a list of them, null or undefined');
  const { tenant, key: name } = key as unknown as TenantKey;
  of(tenant).name(name);
}

function noKeys(keys: unknown, demand: string): ConfigError {
  const given = isRefusedPromise(keys) ? 'a promise: it must not be async' : show(keys);
  return new ConfigError([`keysOf must return ${demand}, not ${given}`], { what: 'prefetch' });
}

function isList(keys: TenantKey | readonly TenantKey[]): keys is readonly TenantKey[] {
  return Array.isArray(keys);
}
