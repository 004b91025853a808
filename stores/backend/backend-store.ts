import { StoreError } from '../../source/kernel/errors.ts';
import type { Backend } from './backend.ts';
import { carryOut, limitReached, type CallSetting, type CallTitle } from './backend-call.ts';
import { CallKeys, type CallLists } from './call-keys.ts';
import { withinLimits } from './call-limits.ts';
import { checkEntry, checkKey, checkKeys, pairsOf } from '../entry-checks.ts';
import { checkRange, inOrder, isInRange } from '../key-range.ts';
import type { KeysAndValues, StoreColumns } from '../store-columns.ts';
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
export class BackendStore<Place> implements ListedStore, FencedStore, StoreColumns<Buffer> {
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

  /** As {@link StoreColumns.read}. */
  read(keys: readonly string[], options?: StoreCallOptions): Promise<readonly (Buffer | undefined)[]> {
    return this.#readColumn('getAll', keys, options);
  }

  /** As {@link StoreColumns.write}. */
  write(columns: KeysAndValues<Buffer>, options?: StoreCallOptions): Promise<void> {
    return this.#writeColumn('putAll', columns, options);
  }

  async #readColumn(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<readonly (Buffer | undefined)[]> {
    const { backend } = this.#options;
    const setting = this.#setting({ operation, changes: false }, options);
    const wanted = this.#keys(setting.title, { keys });
    if (wanted.length > 0) await carryOut(setting, wanted, (call) => backend.read(call));
    return wanted.found;
  }

  async #writeColumn(
    operation: string,
    { keys, values }: KeysAndValues<Buffer>,
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { backend, onWrite } = this.#options;
    const setting = this.#setting({ operation, changes: true }, options);
    const wanted = this.#keys(setting.title, { keys, values });
    if (wanted.length === 0) return;
    onWrite?.();
    await carryOut(setting, wanted, (call) => backend.write(call));
  }

  async #read(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<Map<string, Buffer>> {
    const once = eachOnce(keys);
    const found = await this.#readColumn(operation, once, options);
    const values = new Map<string, Buffer>();
    for (const [at, key] of once.entries()) {
      const value = found[at];
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  async #write(
    operation: string,
    entries: StoreEntries,
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { name } = this.#options;
    const keys: string[] = [];
    const values: Buffer[] = [];
    // If a key occurs twice, the last value counts.
    const pairs = pairsOf(name, operation, entries);
    for (const [key, value] of pairs instanceof Map
      ? (pairs as ReadonlyMap<string, Buffer>)
      : new Map(pairs)) {
      keys.push(key);
      values.push(value);
    }
    await this.#writeColumn(operation, { keys, values }, options);
  }

  async #remove(
    operation: string,
    keys: readonly string[],
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { backend } = this.#options;
    const setting = this.#setting({ operation, changes: true }, options);
    const wanted = this.#keys(setting.title, { keys: eachOnce(keys) });
    if (wanted.length > 0) await carryOut(setting, wanted, (call) => backend.remove(call));
  }

  /** @throws StoreError for what can never be stored */
  #keys(title: CallTitle, { keys, values }: Pick<CallLists<Place>, 'keys' | 'values'>): CallKeys<Place> {
    const { name, place, tenant, backend } = this.#options;
    if (values === undefined) checkKeys(name, title.operation, keys);
    else checkEntries(name, title.operation, { keys, values });
    const wanted = new CallKeys({ keys, place, tenant, values });
    checkAccepted(title, backend, wanted);
    return wanted;
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

/** The keys without repetitions; what is no list stays as it is. */
function eachOnce(keys: readonly string[]): readonly string[] {
  const once = Array.isArray(keys) ? new Set<string>(keys) : undefined;
  return once === undefined || once.size === keys.length ? keys : [...once];
}

/** @throws StoreError as {@link checkEntry} */
export function checkEntries(
  store: string,
  operation: string,
  { keys, values }: KeysAndValues<Buffer>,
): void {
  for (const [at, key] of keys.entries()) {
    checkKey(store, operation, key);
    if (!Buffer.isBuffer(values[at])) checkEntry(store, operation, [key, values[at]]);
  }
}

/** @throws StoreError for what the backend can never accept */
export function checkAccepted<Place>(
  title: CallTitle,
  backend: Backend<Place>,
  wanted: CallKeys<Place>,
): void {
  const { keys, values, tenant, tenants } = wanted.lists;
  for (const [at, key] of keys.entries()) {
    const problem = backend.problemOf(key, wanted.placeAt(at), values?.[at]);
    if (problem === undefined) continue;
    const { store, operation, where } = title;
    const owner = tenants?.[at] ?? tenant;
    throw new StoreError(`${store}.${operation} (${where}): ${problem} Nothing was written.`, {
      store,
      operation,
      failures: [
        { key, reason: problem, retriable: false, ...(owner === undefined ? {} : { tenant: owner }) },
      ],
    });
  }
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
