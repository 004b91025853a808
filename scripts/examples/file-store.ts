import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from 'kasper-ts';
import type { Store, StoreEntries } from 'kasper-ts/stores';

/**
 * A Store of one's own: a file for each key, named by its hash, since a key may have any characters
 * and more of them than a file name.
 */
export class FileStore implements Store {
  readonly #folder: string;

  /** @param folder made if it is not there */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const file = this.#fileOf(key, 'get');
    return attempt('get', key, async () => {
      try {
        return await readFile(file);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  async getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
    for (const key of keys) this.#fileOf(key, 'getAll');
    const found = new Map<string, Buffer>();
    for (const key of new Set(keys)) {
      const value = await this.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  async put(key: string, value: Buffer): Promise<void> {
    await this.#putAll([[key, value]], 'put');
  }

  async putAll(entries: StoreEntries): Promise<void> {
    await this.#putAll(entries, 'putAll');
  }

  async delete(key: string): Promise<void> {
    await this.#deleteAll([key], 'delete');
  }

  async deleteAll(keys: readonly string[]): Promise<void> {
    await this.#deleteAll(keys, 'deleteAll');
  }

  /** Nothing: what was written is in the operating system's hands. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  async #putAll(entries: StoreEntries, operation: string): Promise<void> {
    // All are checked before anything is written; of a key that comes twice the last value counts.
    const last = new Map<string, Buffer>();
    for (const [key, value] of entries) {
      this.#fileOf(key, operation);
      if (!Buffer.isBuffer(value)) throw refused(operation, key, 'its value is no Buffer');
      last.set(key, value);
    }
    await mkdir(this.#folder, { recursive: true });
    for (const [key, value] of last) {
      await attempt(operation, key, async () => {
        const file = this.#fileOf(key, operation);
        // A crash leaves the old value or the new one, never half of it.
        await writeFile(`${file}.new`, value);
        await rename(`${file}.new`, file);
      });
    }
  }

  async #deleteAll(keys: readonly string[], operation: string): Promise<void> {
    const files = keys.map((key) => this.#fileOf(key, operation));
    for (const [at, file] of files.entries())
      await attempt(operation, keys[at] ?? '', () => rm(file, { force: true }));
  }

  #fileOf(key: string, operation: string): string {
    if (typeof key !== 'string' || key === '' || /\p{Surrogate}/u.test(key))
      throw refused(operation, key, 'a key is text that is not empty');
    return join(this.#folder, createHash('sha256').update(key).digest('hex'));
  }
}

async function attempt<Result>(operation: string, key: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (cause) {
    const message = `FileStore.${operation} of '${key}' failed: ${String(cause)}`;
    throw new StoreError(message, { store: 'FileStore', operation, keys: [key], cause, retriable: true });
  }
}

function refused(operation: string, key: unknown, why: string): StoreError {
  const name = String(key);
  const message = `FileStore.${operation} of '${name}' was refused: ${why}`;
  return new StoreError(message, { store: 'FileStore', operation, keys: [name] });
}
