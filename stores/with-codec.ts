import type { Codec } from '../source/codecs/codec.ts';
import { CodecError } from '../source/kernel/errors.ts';
import { MultiMap, type MultiStore, type TenantKey } from './multi-store.ts';
import type { EntriesOptions, ListedStore, Store, StoreCallOptions, StoreEntries } from './store.ts';

/**
 * A Store of values instead of bytes. What cannot be encoded fails the call before anything is written; what cannot be decoded fails it with a CodecError that
 * names the key.
 *
 * @example const counts = withCodec(new RedisStore({ client, keyPrefix: 'counts' }), json<Count>());
 */
export function withCodec<Value>(store: ListedStore, codec: Codec<Value>): ListedStore<Value>;
/** A Store of values instead of bytes, of one that cannot list what it holds. */
export function withCodec<Value>(store: Store, codec: Codec<Value>): Store<Value>;
/** A MultiStore of values instead of bytes. */
export function withCodec<Value>(store: MultiStore, codec: Codec<Value>): MultiStore<Value>;
export function withCodec<Value>(
  store: Store | MultiStore,
  codec: Codec<Value>,
): Store<Value> | MultiStore<Value> {
  return 'fetch' in store ? new CodecMultiStore(store, codec) : new CodecStore(store, codec, '');
}

class CodecStore<Value> implements Store<Value> {
  readonly #store: Store;
  readonly #codec: Codec<Value>;
  /** Whose keys they are, for errors. */
  readonly #owner: string;
  /** Only where the store has it: whether it can be called is seen by that. */
  readonly entries?: NonNullable<Store<Value>['entries']>;

  constructor(store: Store, codec: Codec<Value>, owner: string) {
    this.#store = store;
    this.#codec = codec;
    this.#owner = owner;
    if (store.entries !== undefined) this.entries = (options) => decodedEntries(store, codec, owner, options);
  }

  async get(key: string, options?: StoreCallOptions): Promise<Value | undefined> {
    const bytes = await this.#store.get(key, options);
    return bytes === undefined ? undefined : decode(this.#codec, bytes, key, this.#owner);
  }

  async getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Value>> {
    const found = await this.#store.getAll(keys, options);
    const values = new Map<string, Value>();
    for (const [key, bytes] of found) values.set(key, decode(this.#codec, bytes, key, this.#owner));
    return values;
  }

  async put(key: string, value: Value, options?: StoreCallOptions): Promise<void> {
    await this.#store.put(key, encode(this.#codec, value, key, this.#owner), options);
  }

  async putAll(entries: StoreEntries<Value>, options?: StoreCallOptions): Promise<void> {
    const encoded = new Map<string, Buffer>();
    for (const [key, value] of entries) encoded.set(key, encode(this.#codec, value, key, this.#owner));
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

async function* decodedEntries<Value>(
  store: Store,
  codec: Codec<Value>,
  owner: string,
  options: EntriesOptions | undefined,
): AsyncGenerator<[key: string, value: Value]> {
  for await (const [key, bytes] of store.entries?.(options) ?? [])
    yield [key, decode(codec, bytes, key, owner)];
}

class CodecMultiStore<Value> implements MultiStore<Value> {
  readonly #store: MultiStore;
  readonly #codec: Codec<Value>;

  constructor(store: MultiStore, codec: Codec<Value>) {
    this.#store = store;
    this.#codec = codec;
  }

  tenant(tenant: string): Store<Value> {
    return new CodecStore(this.#store.tenant(tenant), this.#codec, ownerOf(tenant));
  }

  allTenants(): readonly string[] {
    return this.#store.allTenants();
  }

  async fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap<Value>> {
    const found = await this.#store.fetch(keys, options);
    return mapValues(found, (bytes, tenant, key) => decode(this.#codec, bytes, key, ownerOf(tenant)));
  }

  async push(entries: MultiMap<Value>, options?: StoreCallOptions): Promise<void> {
    const encoded = mapValues(entries, (value, tenant, key) =>
      encode(this.#codec, value, key, ownerOf(tenant)),
    );
    await this.#store.push(encoded, options);
  }

  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }
}

function mapValues<From, To>(
  map: MultiMap<From>,
  change: (value: From, tenant: string, key: string) => To,
): MultiMap<To> {
  const changed = new MultiMap<To>();
  for (const [tenant, entries] of map)
    for (const [key, value] of entries) changed.set(tenant, key, change(value, tenant, key));
  return changed;
}

function encode<Value>(codec: Codec<Value>, value: Value, key: string, owner: string): Buffer {
  try {
    return codec.encode(value);
  } catch (cause) {
    throw named(`The value for key '${key}'${owner} could not be encoded, so nothing was written`, cause);
  }
}

function decode<Value>(codec: Codec<Value>, bytes: Buffer, key: string, owner: string): Value {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw named(`The value of key '${key}'${owner} could not be decoded`, cause);
  }
}

function named(what: string, cause: unknown): CodecError {
  return new CodecError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function ownerOf(tenant: string): string {
  return ` of tenant '${tenant}'`;
}
