import { checkArguments } from '../source/kernel/check-arguments.ts';
import { checkOptionNames } from '../source/kernel/check-option-names.ts';
import { checkEntry, checkKey, checkKeys, pairsOf } from './entry-checks.ts';
import { checkRange, inOrder, isInRange } from './key-range.ts';
import type { EntriesOptions, ListedStore, StoreEntries } from './store.ts';

/** Options of a {@link MapStore}. */
export interface MapStoreOptions {
  /**
   * With more keys than this, the one that was put the longest ago is dropped. For what may be
   * forgotten, such as ids that were seen; not for state. Default: no limit.
   */
  readonly maxEntries?: number;
}

/**
 * A Store in this process's memory. Values are copied when they are put and when they are read, so
 * that neither side can change the other's.
 *
 * Its content is lost with the process: a job that keeps its state here must start again from
 * 'earliest'. `flush` does nothing.
 */
export class MapStore implements ListedStore {
  /** With `maxEntries` in the order in which they were put. */
  readonly #entries = new Map<string, Buffer>();
  readonly #maxEntries: number;

  /** @throws ConfigError for an unknown option, or a `maxEntries` that is no whole number from 1 */
  constructor(options: MapStoreOptions = {}) {
    checkOptionNames('MapStore', options, ['maxEntries']);
    const { maxEntries = Infinity } = options;
    const isFit = maxEntries === Infinity || (Number.isSafeInteger(maxEntries) && maxEntries >= 1);
    checkArguments('MapStore', [isFit, 'maxEntries must be a whole number, at least 1', maxEntries]);
    this.#maxEntries = maxEntries;
  }

  /** The number of keys. */
  get size(): number {
    return this.#entries.size;
  }

  async get(key: string): Promise<Buffer | undefined> {
    checkKey('MapStore', 'get', key);
    const value = this.#entries.get(key);
    return value === undefined ? undefined : Buffer.from(value);
  }

  async getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
    checkKeys('MapStore', 'getAll', keys);
    const found = new Map<string, Buffer>();
    for (const key of keys) {
      const value = this.#entries.get(key);
      if (value !== undefined) found.set(key, Buffer.from(value));
    }
    return found;
  }

  async put(key: string, value: Buffer): Promise<void> {
    checkEntry('MapStore', 'put', [key, value]);
    this.#put(key, value);
  }

  async putAll(entries: StoreEntries): Promise<void> {
    const checked = [...pairsOf('MapStore', 'putAll', entries)];
    for (const entry of checked) checkEntry('MapStore', 'putAll', entry);
    for (const [key, value] of checked) this.#put(key, value);
  }

  async delete(key: string): Promise<void> {
    checkKey('MapStore', 'delete', key);
    this.#entries.delete(key);
  }

  async deleteAll(keys: readonly string[]): Promise<void> {
    checkKeys('MapStore', 'deleteAll', keys);
    for (const key of keys) this.#entries.delete(key);
  }

  async flush(): Promise<void> {
    // There is nothing but memory.
  }

  /** Sorts the keys of the range each time; values are copies. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<[key: string, value: Buffer]> {
    const range = checkRange('MapStore', options);
    const keys = [...this.#entries.keys()].filter((key) => isInRange(range, key));
    for (const key of inOrder(keys)) {
      const value = this.#entries.get(key);
      // It was deleted after the keys were sorted.
      if (value !== undefined) yield [key, Buffer.from(value)];
    }
  }

  #put(key: string, value: Buffer): void {
    const entries = this.#entries;
    if (this.#maxEntries === Infinity) {
      entries.set(key, Buffer.from(value));
      return;
    }
    entries.delete(key);
    entries.set(key, Buffer.from(value));
    if (entries.size <= this.#maxEntries) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }
}
