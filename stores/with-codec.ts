import type { Codec } from '../source/codecs/codec.ts';
import { CodecError, ConfigError } from '../source/kernel/errors.ts';
import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import { show } from '../source/kernel/shown-value.ts';
import { messageOf } from '../source/kernel/thrown-text.ts';
import { isStore } from './is-store.ts';
import { columnsOf, registerColumns, type KeysAndValues, type StoreColumns } from './store-columns.ts';
import { MultiMap, type MultiStore, type TenantKey } from './multi-store.ts';
import type { EntriesOptions, ListedStore, Store, StoreCallOptions, StoreEntries } from './store.ts';
import type { StoreFence, StoreOwner } from './store-owner.ts';

/**
 * A Store of values instead of bytes. A value that cannot be encoded fails the call before anything
 * is written; one that cannot be decoded fails it with a CodecError that names the key.
 *
 * @throws ConfigError for what is no store or no codec
 *
 * @example const counts = withCodec(new RedisStore({ client, keyPrefix: 'counts' }), json<Count>());
 */
export function withCodec<Value>(store: ListedStore, codec: Codec<Value>): ListedStore<Value>;
/** A Store of values instead of bytes, over one that cannot list what it holds. */
export function withCodec<Value>(store: Store, codec: Codec<Value>): Store<Value>;
/** A MultiStore of values instead of bytes. */
export function withCodec<Value>(store: MultiStore, codec: Codec<Value>): MultiStore<Value>;
export function withCodec<Value>(
  store: Store | MultiStore,
  codec: Codec<Value>,
): Store<Value> | MultiStore<Value> {
  checkArguments(store, codec);
  return 'fetch' in store ? new CodecMultiStore(store, codec) : new CodecStore(store, new KeyedCodec(codec));
}

function checkArguments(store: unknown, codec: unknown): void {
  const problems: string[] = [];
  if (!isStore(store))
    problems.push(`the first argument must be a Store or a MultiStore, not ${show(store)}`);
  if (typeof codec === 'function')
    problems.push('the second argument must be a codec, not a function: call it, as in json()');
  else if (!isObject(codec) || !hasMethods(codec, ['encode', 'decode']))
    problems.push(`the second argument must be a codec, { encode, decode }, not ${show(codec)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'withCodec' });
}

/** A codec whose errors name the key and its tenant. */
class KeyedCodec<Value> {
  readonly #codec: Codec<Value>;
  readonly #owner: string;

  constructor(codec: Codec<Value>, tenant?: string) {
    this.#codec = codec;
    this.#owner = tenant === undefined ? '' : ` of tenant '${tenant}'`;
  }

  encode(key: string, value: Value): Buffer {
    try {
      return this.#codec.encode(value);
    } catch (cause) {
      throw named(
        `The value for key '${key}'${this.#owner} could not be encoded, so nothing was written`,
        cause,
      );
    }
  }

  decode(key: string, bytes: Buffer): Value {
    try {
      return this.#codec.decode(bytes);
    } catch (cause) {
      throw named(`The value of key '${key}'${this.#owner} could not be decoded`, cause);
    }
  }
}

class CodecStore<Value> implements Store<Value> {
  readonly #store: Store;
  readonly #codec: KeyedCodec<Value>;
  /** Set only if the store has it: callers check for it before they call it. */
  readonly entries?: NonNullable<Store<Value>['entries']>;
  /** Likewise. */
  readonly fence?: (owner: StoreOwner) => StoreFence;
  /** Likewise. */
  readonly warnings?: NonNullable<Store<Value>['warnings']>;

  constructor(store: Store, codec: KeyedCodec<Value>) {
    this.#store = store;
    this.#codec = codec;
    if (store.entries !== undefined) this.entries = (options) => decodedEntries(store, codec, options);
    const fence = store.fence?.bind(store);
    if (fence !== undefined) this.fence = fence;
    const warnings = store.warnings?.bind(store);
    if (warnings !== undefined) this.warnings = warnings;
    const columns = columnsOf(store);
    if (columns !== undefined)
      registerColumns<Value>(this, CodecStore.prototype, new CodecColumns(columns, codec));
  }

  async get(key: string, options?: StoreCallOptions): Promise<Value | undefined> {
    const bytes = await this.#store.get(key, options);
    return bytes === undefined ? undefined : this.#codec.decode(key, bytes);
  }

  async getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Value>> {
    const found = await this.#store.getAll(keys, options);
    const values = new Map<string, Value>();
    for (const [key, bytes] of found) values.set(key, this.#codec.decode(key, bytes));
    return values;
  }

  async put(key: string, value: Value, options?: StoreCallOptions): Promise<void> {
    await this.#store.put(key, this.#codec.encode(key, value), options);
  }

  async putAll(entries: StoreEntries<Value>, options?: StoreCallOptions): Promise<void> {
    const encoded = new Map<string, Buffer>();
    for (const [key, value] of entries) encoded.set(key, this.#codec.encode(key, value));
    await this.#store.putAll(encoded, options);
  }

  delete(key: string, options?: StoreCallOptions): Promise<void> {
    return this.#store.delete(key, options);
  }

  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    return this.#store.deleteAll(keys, options);
  }

  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }
}

class CodecColumns<Value> implements StoreColumns<Value> {
  readonly #columns: StoreColumns<Buffer>;
  readonly #codec: KeyedCodec<Value>;

  constructor(columns: StoreColumns<Buffer>, codec: KeyedCodec<Value>) {
    this.#columns = columns;
    this.#codec = codec;
  }

  async read(keys: readonly string[], options?: StoreCallOptions): Promise<readonly (Value | undefined)[]> {
    const found = await this.#columns.read(keys, options);
    const values: (Value | undefined)[] = [];
    for (const [at, key] of keys.entries()) {
      const bytes = found[at];
      values.push(bytes === undefined ? undefined : this.#codec.decode(key, bytes));
    }
    return values;
  }

  async write({ keys, values }: KeysAndValues<Value>, options?: StoreCallOptions): Promise<void> {
    const encoded: Buffer[] = [];
    for (const [at, key] of keys.entries()) encoded.push(this.#codec.encode(key, values[at] as Value));
    await this.#columns.write({ keys, values: encoded }, options);
  }
}

async function* decodedEntries<Value>(
  store: Store,
  codec: KeyedCodec<Value>,
  options: EntriesOptions | undefined,
): AsyncGenerator<[key: string, value: Value]> {
  for await (const [key, bytes] of store.entries?.(options) ?? []) yield [key, codec.decode(key, bytes)];
}

class CodecMultiStore<Value> implements MultiStore<Value> {
  readonly #store: MultiStore;
  readonly #codec: Codec<Value>;
  /** Set only if the store has it. */
  readonly fence?: (owner: StoreOwner) => StoreFence;
  readonly warnings?: NonNullable<MultiStore<Value>['warnings']>;

  constructor(store: MultiStore, codec: Codec<Value>) {
    this.#store = store;
    this.#codec = codec;
    const fence = store.fence?.bind(store);
    if (fence !== undefined) this.fence = fence;
    const warnings = store.warnings?.bind(store);
    if (warnings !== undefined) this.warnings = warnings;
  }

  tenant(tenant: string): Store<Value> {
    return new CodecStore(this.#store.tenant(tenant), new KeyedCodec(this.#codec, tenant));
  }

  allTenants(): readonly string[] {
    return this.#store.allTenants();
  }

  async fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap<Value>> {
    const found = await this.#store.fetch(keys, options);
    return mapValues(found, (tenant) => {
      const codec = new KeyedCodec(this.#codec, tenant);
      return (key, bytes) => codec.decode(key, bytes);
    });
  }

  async push(entries: MultiMap<Value>, options?: StoreCallOptions): Promise<void> {
    const encoded = mapValues(entries, (tenant) => {
      const codec = new KeyedCodec(this.#codec, tenant);
      return (key, value) => codec.encode(key, value);
    });
    await this.#store.push(encoded, options);
  }

  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }
}

function mapValues<From, To>(
  map: MultiMap<From>,
  changeOf: (tenant: string) => (key: string, value: From) => To,
): MultiMap<To> {
  const changed = new MultiMap<To>();
  for (const [tenant, entries] of map) {
    const change = changeOf(tenant);
    for (const [key, value] of entries) changed.set(tenant, key, change(key, value));
  }
  return changed;
}

function named(what: string, cause: unknown): CodecError {
  return new CodecError(`${what}: ${messageOf(cause)}`, { cause });
}
