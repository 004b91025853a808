import { StoreError } from '../../source/kernel/errors.ts';
import type { Backend } from './backend.ts';
import { Item } from './item.ts';
import { carryOut, limitReached, type BackendCall, type CallTitle } from './backend-call.ts';
import { withinLimits, type CallLimits } from './call-limits.ts';
import { checkKey, checkValue } from '../entry-checks.ts';
import { checkRange, inOrder, isInRange } from '../key-range.ts';
import type { EntriesOptions, ListedStore, StoreCallOptions, StoreEntries } from '../store.ts';

/** Entries are read so many at once, whatever their size: at most these are in memory, and all the keys. */
const ENTRIES_AT_ONCE = 1000;

export interface BackendStoreOptions<Place> {
  /** The class whose name stands in errors. */
  readonly name: string;
  /** Whose keys, for errors: "keyPrefix 'counts'". */
  readonly where: string;
  readonly backend: Backend<Place>;
  readonly place: Place;
  readonly timeoutMs: number;
  readonly tenant?: string;
  /** Called before something is sent to be written. */
  readonly onWrite?: () => void;
}

/** A Store over a backend: checks what comes in, drops what occurs twice, and turns what fails into a StoreError. */
export class BackendStore<Place> implements ListedStore {
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
    const { backend, place, timeoutMs } = this.#options;
    const title = this.#title('flush', false);
    await flushPlaces(title, backend, [place], { timeoutMs, signal: options?.signal });
  }

  /** No backend keeps its keys in the wanted order: all that are in the range are collected, and sorted here. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<[key: string, value: Buffer]> {
    const { name, backend, place, timeoutMs } = this.#options;
    const range = checkRange(name, options);
    const keys = new Set<string>();
    const limits = { timeoutMs, signal: options.signal };
    await attempt(this.#title('entries', false), backend, limits, () =>
      backend.listKeys(
        place,
        range.prefix,
        (send) => withinLimits(limits, ({ signal }) => send(signal)),
        (some) => {
          for (const key of some) if (isInRange(range, key)) keys.add(key);
        },
      ),
    );
    const sorted = inOrder(keys);
    for (let at = 0; at < sorted.length; at += ENTRIES_AT_ONCE) {
      const some = sorted.slice(at, at + ENTRIES_AT_ONCE);
      const found = await this.#read('entries', some, options);
      for (const key of some) {
        const value = found.get(key);
        // Deleted since it was listed.
        if (value !== undefined) yield [key, value];
      }
    }
  }

  async #read(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<Map<string, Buffer>> {
    const items = this.#items(operation, keys);
    await this.#carryOut(operation, false, items, options, (call) => this.#options.backend.read(call));
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
    const title = this.#title(operation, true);
    const items: Item<Place>[] = [];
    // Of a key that occurs twice the last value counts.
    for (const [key, value] of entries instanceof Map
      ? (entries as ReadonlyMap<string, Buffer>)
      : new Map(entries)) {
      checkKey(name, operation, key);
      checkValue(name, operation, key, value);
      items.push(new Item(key, place, tenant, value));
    }
    for (const item of items) checkItem(title, backend, item);
    if (items.length > 0) onWrite?.();
    await this.#carryOut(operation, true, items, options, (call) => backend.write(call));
  }

  async #remove(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const items = this.#items(operation, keys);
    await this.#carryOut(operation, true, items, options, (call) => this.#options.backend.remove(call));
  }

  #items(operation: string, keys: readonly string[]): Item<Place>[] {
    const { name, place, tenant, backend } = this.#options;
    for (const key of keys) checkKey(name, operation, key);
    const title = this.#title(operation, false);
    const items: Item<Place>[] = [];
    const once = new Set(keys);
    for (const key of once.size === keys.length ? keys : once) {
      const item = new Item(key, place, tenant, undefined);
      checkItem(title, backend, item);
      items.push(item);
    }
    return items;
  }

  async #carryOut(
    operation: string,
    changes: boolean,
    items: readonly Item<Place>[],
    options: StoreCallOptions | undefined,
    work: (call: BackendCall<Place>) => Promise<void>,
  ): Promise<void> {
    if (items.length === 0) return;
    const { backend, timeoutMs } = this.#options;
    const limits = { timeoutMs, signal: options?.signal };
    await carryOut(this.#title(operation, changes), items, limits, (error) => backend.explain(error), work);
  }

  #title(operation: string, changes: boolean): CallTitle {
    const { name: store, where } = this.#options;
    return { store, where, operation, changes };
  }
}

/** @throws StoreError for what the backend can never take */
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
  title: CallTitle,
  backend: Backend<Place>,
  places: readonly Place[],
  limits: CallLimits,
): Promise<void> {
  await attempt(title, backend, limits, () =>
    withinLimits(limits, ({ signal }) => backend.flush(places, signal)),
  );
}

/** Carries out what is of no single key, and keeps the limits by itself. */
async function attempt<Place, Result>(
  { store, where, operation }: CallTitle,
  backend: Backend<Place>,
  limits: CallLimits,
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
