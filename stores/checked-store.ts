import { checkArguments } from '../source/kernel/check-arguments.ts';
import { checkOptionNames } from '../source/kernel/check-option-names.ts';
import { checkDurations } from '../source/kernel/duration.ts';
import { KasperError, StoreError } from '../source/kernel/errors.ts';
import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import { show } from '../source/kernel/shown-value.ts';
import { messageOf } from '../source/kernel/thrown-text.ts';
import { limitReached } from './backend/backend-call.ts';
import { withinLimits } from './backend/call-limits.ts';
import { checkEntry, checkKeys, pairsOf } from './entry-checks.ts';
import { checkRange } from './key-range.ts';
import type { EntriesOptions, ListedStore, Store, StoreCallOptions, StoreEntries } from './store.ts';

/** How a store is checked. */
export interface CheckedStoreOptions {
  /** Names the store in errors. Default: the name of its class, else `Store`. */
  readonly name?: string;
  /** How long one call may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

const methods = ['get', 'getAll', 'put', 'putAll', 'delete', 'deleteAll', 'flush'] as const;

/**
 * Wraps a store of your own, so that it only has to read and write: the wrapper does what every store
 * promises beside that.
 *
 * - Keys and values are checked before the store is called; a call without any does not reach it. Of
 *   a key that comes twice, the last value counts.
 * - Whatever it throws is a StoreError with the call, the store and the keys. It is `retriable` unless
 *   it is a mistake in the program (TypeError, ReferenceError, SyntaxError, RangeError), or has
 *   `retriable: false`. A StoreError stays as it is.
 * - A call ends with its signal, or after `timeoutMs`; the store is given a signal that tells it so.
 * - What it returns is checked. Values are copied on their way in and out.
 *
 * `entries`, `fence` and `warnings` are there where the store has them.
 *
 * @throws ConfigError for what is no Store, or options that do not exist
 * @example const files = checkedStore(new FileStore('/var/lib/job'), { timeoutMs: 2_000 });
 */
export function checkedStore(store: ListedStore, options?: CheckedStoreOptions): ListedStore;
/** Wraps a store that cannot list what it holds. */
export function checkedStore(store: Store, options?: CheckedStoreOptions): Store;
export function checkedStore(store: Store, options: CheckedStoreOptions = {}): Store {
  checkOptionNames('checkedStore', options, ['name', 'timeoutMs']);
  const { name, timeoutMs = 10_000 } = options;
  checkArguments(
    'checkedStore',
    [isObject(store) && hasMethods(store, [...methods]), `the store must have ${methods.join(', ')}`, store],
    [name === undefined || (typeof name === 'string' && name !== ''), 'name must be text', name],
  );
  checkDurations('checkedStore', { timeoutMs });
  return new CheckedStore(store, name ?? classOf(store), timeoutMs);
}

/** Calls that change something. */
const writes: ReadonlySet<string> = new Set(['put', 'putAll', 'delete', 'deleteAll']);

class CheckedStore implements Store {
  readonly #store: Store;
  readonly #name: string;
  readonly #timeoutMs: number;
  /** Set only if the store has it: callers check for it before they call it. */
  readonly entries?: NonNullable<Store['entries']>;
  /** Likewise. */
  readonly fence?: NonNullable<Store['fence']>;
  /** Likewise. */
  readonly warnings?: NonNullable<Store['warnings']>;

  constructor(store: Store, name: string, timeoutMs: number) {
    this.#store = store;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
    if (store.entries !== undefined) this.entries = (options) => this.#entries(options);
    const fence = store.fence?.bind(store);
    if (fence !== undefined) this.fence = fence;
    const warnings = store.warnings?.bind(store);
    if (warnings !== undefined)
      this.warnings = (options) => this.#call({ operation: 'warnings' }, options, (own) => warnings(own));
  }

  async get(key: string, options?: StoreCallOptions): Promise<Buffer | undefined> {
    const keys = this.#keys('get', [key]);
    const value = await this.#call({ operation: 'get', keys }, options, (own) => this.#store.get(key, own));
    return value === undefined ? undefined : this.#found('get', key, value);
  }

  async getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Buffer>> {
    const wanted = this.#keys('getAll', keys);
    if (wanted.length === 0) return new Map();
    const title = { operation: 'getAll', keys: wanted };
    const found: unknown = await this.#call(title, options, (own) => this.#store.getAll(wanted, own));
    if (!(found instanceof Map)) throw this.#wrongAnswer(title, `a Map is needed, not ${show(found)}`);
    const values = new Map<string, Buffer>();
    for (const key of wanted) {
      const value: unknown = (found as ReadonlyMap<string, unknown>).get(key);
      if (value !== undefined) values.set(key, this.#found('getAll', key, value));
    }
    return values;
  }

  async put(key: string, value: Buffer, options?: StoreCallOptions): Promise<void> {
    checkEntry(this.#name, 'put', [key, value]);
    const own = Buffer.from(value);
    await this.#call({ operation: 'put', keys: [key] }, options, (limits) =>
      this.#store.put(key, own, limits),
    );
  }

  async putAll(entries: StoreEntries, options?: StoreCallOptions): Promise<void> {
    const own = new Map<string, Buffer>();
    for (const entry of pairsOf(this.#name, 'putAll', entries)) {
      checkEntry(this.#name, 'putAll', entry);
      own.set(entry[0], Buffer.from(entry[1]));
    }
    if (own.size === 0) return;
    const title = { operation: 'putAll', keys: [...own.keys()] };
    await this.#call(title, options, (limits) => this.#store.putAll(own, limits));
  }

  async delete(key: string, options?: StoreCallOptions): Promise<void> {
    const keys = this.#keys('delete', [key]);
    await this.#call({ operation: 'delete', keys }, options, (own) => this.#store.delete(key, own));
  }

  async deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    const unwanted = this.#keys('deleteAll', keys);
    if (unwanted.length === 0) return;
    const title = { operation: 'deleteAll', keys: unwanted };
    await this.#call(title, options, (own) => this.#store.deleteAll(unwanted, own));
  }

  async flush(options?: StoreCallOptions): Promise<void> {
    await this.#call({ operation: 'flush' }, options, (own) => this.#store.flush(own));
  }

  async *#entries(options: EntriesOptions = {}): AsyncGenerator<[key: string, value: Buffer]> {
    checkRange(this.#name, options);
    const title = { operation: 'entries' };
    try {
      for await (const [key, value] of this.#store.entries?.(options) ?? [])
        yield [key, this.#found('entries', key, value)];
    } catch (error) {
      throw this.#failure(title, error, options.signal);
    }
  }

  /** Each of them once. @throws StoreError for what is none */
  #keys(operation: string, keys: readonly string[]): readonly string[] {
    checkKeys(this.#name, operation, keys);
    return [...new Set(keys)];
  }

  /** @throws StoreError */
  async #call<Result>(
    title: CallTitle,
    options: StoreCallOptions | undefined,
    send: (options: StoreCallOptions) => Promise<Result>,
  ): Promise<Result> {
    const signal = options?.signal;
    try {
      return await withinLimits({ timeoutMs: this.#timeoutMs, signal }, async (end) =>
        send({ signal: end.signal }),
      );
    } catch (error) {
      throw this.#failure(title, error, signal);
    }
  }

  #failure({ operation, keys = [] }: CallTitle, error: unknown, signal: AbortSignal | undefined): StoreError {
    const limit = limitReached(error, { timeoutMs: this.#timeoutMs, signal });
    if (limit === undefined && KasperError.is(error) && error.code === 'STORE') return error as StoreError;
    const [first] = keys;
    const more = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
    const of = first === undefined ? '' : ` of key '${first}'${more}`;
    const later = limit !== undefined && writes.has(operation) ? '. It may still be done' : '';
    return new StoreError(
      `${this.#name}.${operation}${of} failed: ${limit?.text ?? messageOf(error)}${later}.`,
      {
        store: this.#name,
        operation,
        keys,
        cause: limit?.cause ?? error,
        retriable: limit?.retriable ?? mayHelp(error),
      },
    );
  }

  /** A copy of what was found. @throws StoreError unless it is a Buffer */
  #found(operation: string, key: string, value: unknown): Buffer {
    if (Buffer.isBuffer(value)) return Buffer.from(value);
    const problem = `the value of key '${key}' must be a Buffer, or undefined where there is none, not ${show(value)}`;
    throw this.#wrongAnswer({ operation, keys: [key] }, problem);
  }

  #wrongAnswer({ operation, keys = [] }: CallTitle, problem: string): StoreError {
    const text = `${this.#name}.${operation} gave a wrong answer: ${problem}. Mend the store.`;
    return new StoreError(text, { store: this.#name, operation, keys });
  }
}

/** What is called, and for which keys. */
interface CallTitle {
  readonly operation: string;
  readonly keys?: readonly string[];
}

/** Whether another attempt may have another end, as far as the error shows. */
function mayHelp(error: unknown): boolean {
  if (isObject(error) && typeof error['retriable'] === 'boolean') return error['retriable'];
  return !(
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError ||
    error instanceof RangeError
  );
}

function classOf(store: object): string {
  const { constructor } = store as { readonly constructor?: { readonly name?: unknown } };
  const name = constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'Store';
}
