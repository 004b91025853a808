import { MultiMap, type MultiStore, type TenantKey } from '../stores/multi-store.ts';
import type { Store, StoreCallOptions } from '../stores/store.ts';
import { isBatchError, type BatchError } from './batch-error.ts';
import { KasperError } from './kernel/errors.ts';
import type { ConsumerMessage } from './message.ts';
import type { MessageProcessor, ProcessContext, StoreMap } from './message-processor.ts';
import { KeyView, ViewLife, type BatchView, type MultiBatchView } from './prefetch-view.ts';
import type { Sender } from './sender.ts';

export type { BatchView, MultiBatchView } from './prefetch-view.ts';

/** The key or keys that a message needs; null or undefined: none. Called once for each message. */
export type KeysOf = (message: ConsumerMessage) => string | readonly string[] | null | undefined;

/**
 * The key or keys of tenants that a message needs; null or undefined: none. Called once for each
 * message.
 */
export type TenantKeysOf = (message: ConsumerMessage) => TenantKey | readonly TenantKey[] | null | undefined;

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
 * Makes a MessageProcessor that reads what a batch needs in one `getAll`, runs a function on it,
 * and writes the changes in one `putAll` and one `deleteAll`. A call with nothing to do is left
 * out. All of this is inside `process`. With `concurrency: 1` no two batches overlap; with more, a
 * key must belong to one partition.
 *
 * When the function throws, nothing is written. A BatchError means partial success: what was set
 * before it belongs to the messages that are done, and is written. A failed read or write fails the
 * batch. After that, some values may be written, and the batch is reprocessed. For exact sums, let
 * each value hold, for each input topic-partition, the next offset that it does not include yet,
 * and skip lower ones.
 *
 * @param store a Store, with a codec or without, or a function that picks it from `context.stores`
 * @example
 * prefetch(counts, (message) => message.keyText, (messages, sender, view) => {
 *   for (const { keyText } of messages) if (keyText !== null) view.set(keyText, (view.get(keyText) ?? 0) + 1);
 * });
 */
export function prefetch<Value, Stores extends StoreMap = StoreMap>(
  store: Store<Value> | ((stores: Stores) => Store<Value>),
  keysOf: KeysOf,
  run: PrefetchFunction<Value, Stores>,
): MessageProcessor<Stores>;
/**
 * The same for a MultiStore: one `fetch`, one `push`, and one `deleteAll` for each tenant that
 * loses keys, all in parallel.
 */
export function prefetch<Value, Stores extends StoreMap = StoreMap>(
  store: MultiStore<Value> | ((stores: Stores) => MultiStore<Value>),
  keysOf: TenantKeysOf,
  run: MultiPrefetchFunction<Value, Stores>,
): MessageProcessor<Stores>;
export function prefetch<Value, Stores extends StoreMap>(
  store: AnyStore<Value> | ((stores: Stores) => AnyStore<Value>),
  keysOf: KeysOf | TenantKeysOf,
  run: PrefetchFunction<Value, Stores> | MultiPrefetchFunction<Value, Stores>,
): MessageProcessor<Stores> {
  return {
    async process(messages, sender, context) {
      const target = typeof store === 'function' ? store(context.stores) : store;
      const life = new ViewLife(context.signal);
      const attempt = { messages, life, options: { signal: context.signal } };
      const batch =
        'fetch' in target
          ? await openMulti(target, keysOf as TenantKeysOf, attempt)
          : await openSingle(target, keysOf as KeysOf, attempt);
      context.signal.throwIfAborted();
      let partial: BatchError | undefined;
      try {
        // Which of the two views it is follows from the store, as the overloads say.
        const running = run(
          messages,
          sender,
          batch.view as BatchView<Value> & MultiBatchView<Value>,
          context,
        );
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

type AnyStore<Value> = Store<Value> | MultiStore<Value>;

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
  const named = new Set<string>();
  for (const message of messages) {
    const keys = keysOf(message);
    if (typeof keys === 'string') named.add(keys);
    else for (const key of keys ?? []) named.add(key);
  }
  const found = named.size === 0 ? new Map<string, Value>() : await store.getAll([...named], options);
  const view = new KeyView(named, found, life);
  return {
    view,
    async write() {
      const { puts, deletes } = view;
      if (puts.size > 0) await store.putAll(puts, options);
      if (deletes.length > 0) await store.deleteAll(deletes, options);
    },
  };
}

async function openMulti<Value>(
  store: MultiStore<Value>,
  keysOf: TenantKeysOf,
  { messages, life, options }: Attempt,
): Promise<OpenBatch<MultiBatchView<Value>>> {
  const named = new MultiMap<TenantKey>();
  for (const message of messages) {
    const keys = keysOf(message) ?? [];
    for (const key of isList(keys) ? keys : [keys]) named.set(key.tenant, key.key, key);
  }
  const wanted = [...named].flatMap(([, keys]) => [...keys.values()]);
  const found = wanted.length === 0 ? new MultiMap<Value>() : await store.fetch(wanted, options);
  const tenants = new Map<string, KeyView<Value>>();
  const of = (tenant: string) => {
    let view = tenants.get(tenant);
    if (view === undefined) {
      const keys = new Set(named.tenant(tenant).keys());
      tenants.set(tenant, (view = new KeyView(keys, new Map(found.tenant(tenant)), life)));
    }
    return view;
  };
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
      for (const [tenant, view] of tenants)
        for (const [key, value] of view.puts) puts.set(tenant, key, value);
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

function isList(keys: TenantKey | readonly TenantKey[]): keys is readonly TenantKey[] {
  return Array.isArray(keys);
}
