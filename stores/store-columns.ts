import type { Store, StoreCallOptions } from './store.ts';

/**
 * How `prefetch` and codecs read and write many keys, of which none occurs twice: by lists in place of
 * Maps, which take longer than the rest of a call.
 */
export interface StoreColumns<Value> {
  /** As `getAll`: the values in the order of the keys, undefined where there is none. */
  read(keys: readonly string[], options?: StoreCallOptions): Promise<readonly (Value | undefined)[]>;
  /** As `putAll`: a value for each key. */
  write(columns: KeysAndValues<Value>, options?: StoreCallOptions): Promise<void>;
}

/** Keys with their values, in lists of one length. */
export interface KeysAndValues<Value> {
  readonly keys: readonly string[];
  readonly values: readonly Value[];
}

/** The columns of a store, and which of its methods they stand for. */
interface Registered {
  readonly columns: StoreColumns<unknown>;
  readonly getAll: unknown;
  readonly putAll: unknown;
}

const registered = new WeakMap<object, Registered>();

/** Says how a store reads and writes lists, where its `getAll` and `putAll` are these. */
export function registerColumns<Value>(
  store: object,
  { getAll, putAll }: Pick<Store<Value>, 'getAll' | 'putAll'>,
  columns: StoreColumns<Value>,
): void {
  registered.set(store, { columns, getAll, putAll });
}

/**
 * The columns of a store; undefined where it has none. A program may have wrapped the store or changed
 * its methods: then those are to be called.
 */
export function columnsOf<Value>(store: Store<Value>): StoreColumns<Value> | undefined {
  const known = registered.get(store);
  if (known === undefined) return undefined;
  const isOurs = known.getAll === store.getAll && known.putAll === store.putAll;
  return isOurs ? (known.columns as StoreColumns<Value>) : undefined;
}
