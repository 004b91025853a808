import { StoreError } from '../../source/kernel/errors.ts';
import type { Backend } from './backend.ts';
import { Item } from './item.ts';
import { carryOut, limitReached, type CallSetting, type CallTitle } from './backend-call.ts';
import { withinLimits } from './call-limits.ts';
import { checkEntry, checkKeys, pairsOf } from '../entry-checks.ts';
import { checkRange, inOrder, isInRange } from '../key-range.ts';
import type { EntriesOptions, ListedStore, StoreCallOptions, StoreEntries } from '../store.ts';
import type { FencedStore, StoreFence, StoreOwner } from '../store-owner.ts';

/**
 * Entries are read this many at a time, whatever their size: at most these are in memory, besides
 * all the keys.
 */
const ENTRIES_AT_ONCE = 1000;

export interface BackendStoreOptions<Place> {
  /** The class whose name is used in errors. */
  readonly name: string;
  /** Whose keys, for errors: "keyPrefix 'counts'". */
  readonly where: string;
  readonly backend: Backend<Place>;
  readonly place: Place;
  readonly timeoutMs: number;
  readonly tenant?: string;
  /** Called before a write is sent. */
  readonly onWrite?: () => void;
}

/**
 * A Store over a backend: checks its input, drops duplicates, and turns failures into a StoreError.
 */
export class BackendStore<Place> implements ListedStore, FencedStore {
  readonly #options: BackendStoreOptions<Place>;

  constructor(options: BackendStoreOptions<Place>) {
    this.#options = options;
  }

  async get(key: string, options?: StoreCallOptions): Promise<Buffer | undefined> {
    const found = await this.#read('get', [key], options);
    return found.get(key);
  }

  async getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Buffer>> {
    return this.#read('getAll', keys, options);
  }

  async put(key: string, value: Buffer, options?: StoreCallOptions): Promise<void> {
    await this.#write('put', [[key, value]], options);
  }

  async putAll(entries: StoreEntries, options?: StoreCallOptions): Promise<void> {
    await this.#write('putAll', entries, options);
  }

  async delete(key: string, options?: StoreCallOptions): Promise<void> {
    await this.#remove('delete', [key], options);
  }

  async deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    await this.#remove('deleteAll', keys, options);
  }

  async flush(options?: StoreCallOptions): Promise<void> {
    const { backend, place } = this.#options;
    await flushPlaces(backend, [place], this.#setting({ operation: 'flush', changes: false }, options));
  }

  fence(owner: StoreOwner): StoreFence {
    return this.#options.backend.fence(owner);
  }

  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    const { backend } = this.#options;
    return askForWarnings(backend, this.#setting({ operation: 'warnings', changes: false }, options));
  }

  /**
   * No backend keeps its keys in the right order: all keys in the range are collected and sorted
   * here.
   */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<[key: string, value: Buffer]> {
    const { name, backend, place } = this.#options;
    const range = checkRange(name, options);
    const keys = new Set<string>();
    const setting = this.#setting({ operation: 'entries', changes: false }, options);
    await attempt(setting, () =>
      backend.listKeys(place, {
        prefix: range.prefix,
        request: (send) => withinLimits(setting.limits, ({ signal }) => send(signal)),
        onKeys: (some) => {
          for (const key of some) if (isInRange(range, key)) keys.add(key);
        },
      }),
    );
    const sorted = inOrder(keys);
    for (let at = 0; at < sorted.length; at += ENTRIES_AT_ONCE) {
      const some = sorted.slice(at, at + ENTRIES_AT_ONCE);
      const found = await this.#read('entries', some, options);
      for (const key of some) {
        const value = found.get(key);
        // It was deleted after it was listed.
        if (value !== undefined) yield [key, value];
      }
    }
  }

  async #read(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<Map<string, Buffer>> {
    const { backend } = this.#options;
    const setting = this.#setting({ operation, changes: false }, options);
    const items = this.#items(setting.title, keys);
    if (items.length > 0) await carryOut(setting, items, (call) => backend.read(call));
    const values = new Map<string, Buffer>();
    for (const { key, found } of items) if (found !== undefined) values.set(key, found);
    return values;
  }

  async #write(
    operation: string,
    entries: StoreEntries,
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { name, backend, place, tenant, onWrite } = this.#options;
    const setting = this.#setting({ operation, changes: true }, options);
    const items: Item<Place>[] = [];
    // If a key occurs twice, the last value counts.
    const pairs = pairsOf(name, operation, entries);
    for (const entry of pairs instanceof Map ? (pairs as ReadonlyMap<string, Buffer>) : new Map(pairs)) {
      checkEntry(name, operation, entry);
      const [key, value] = entry;
      items.push(new Item(key, place, tenant, value));
    }
    for (const item of items) checkItem(setting.title, backend, item);
    if (items.length === 0) return;
    onWrite?.();
    await carryOut(setting, items, (call) => backend.write(call));
  }

  async #remove(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { backend } = this.#options;
    const setting = this.#setting({ operation, changes: true }, options);
    const items = this.#items(setting.title, keys);
    if (items.length > 0) await carryOut(setting, items, (call) => backend.remove(call));
  }

  #items(title: CallTitle, keys: readonly string[]): Item<Place>[] {
    const { name, place, tenant, backend } = this.#options;
    checkKeys(name, title.operation, keys);
    const items: Item<Place>[] = [];
    const once = new Set(keys);
    for (const key of once.size === keys.length ? keys : once) {
      const item = new Item(key, place, tenant, undefined);
      checkItem(title, backend, item);
      items.push(item);
    }
    return items;
  }

  #setting(
    { operation, changes }: Pick<CallTitle, 'operation' | 'changes'>,
    options: StoreCallOptions | undefined,
  ): CallSetting {
    const { name: store, where, backend, timeoutMs } = this.#options;
    return {
      title: { store, where, operation, changes },
      backend,
      limits: { timeoutMs, signal: options?.signal },
    };
  }
}

/** @throws StoreError for what the backend can never accept */
export function checkItem<Place>(title: CallTitle, backend: Backend<Place>, item: Item<Place>): void {
  const problem = backend.problemOf(item);
  if (problem === undefined) return;
  const { store, operation, where } = title;
  const { key, tenant } = item;
  throw new StoreError(`${store}.${operation} (${where}): ${problem} Nothing was written.`, {
    store,
    operation,
    failures: [{ key, reason: problem, retriable: false, ...(tenant === undefined ? {} : { tenant }) }],
  });
}

/** @throws StoreError */
export async function flushPlaces<Place>(
  backend: Backend<Place>,
  places: readonly Place[],
  setting: CallSetting,
): Promise<void> {
  await attempt(setting, () => withinLimits(setting.limits, ({ signal }) => backend.flush(places, signal)));
}

/** @throws StoreError */
export function askForWarnings<Place>(
  backend: Backend<Place>,
  setting: CallSetting,
): Promise<readonly string[]> {
  return attempt(setting, () => withinLimits(setting.limits, async () => (await backend.warnings?.()) ?? []));
}

/** Carries out work that belongs to no single key, and that keeps the limits itself. */
async function attempt<Result>(
  { title: { store, where, operation }, backend, limits }: CallSetting,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { text, retriable, cause = error } = limitReached(error, limits) ?? backend.explain(error);
    throw new StoreError(`${store}.${operation} (${where}) failed: ${text}.`, {
      store,
      operation,
      cause,
      retriable,
    });
  }
}
