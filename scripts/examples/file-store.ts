import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, StoreEntries } from 'kasper-ts/stores';

/**
 * A Store of one's own: a file for each key, named by its hash, since a key may have any characters
 * and more of them than a file name. It only reads and writes; `checkedStore` does the rest.
 */
export class FileStore implements Store {
  readonly #folder: string;

  /** @param folder made if it is not there */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#fileOf(key));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const key of keys) {
      const value = await this.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  put(key: string, value: Buffer): Promise<void> {
    return this.putAll([[key, value]]);
  }

  async putAll(entries: StoreEntries): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const [key, value] of entries) {
      const file = this.#fileOf(key);
      // A crash leaves the old value or the new one, never half of it.
      await writeFile(`${file}.new`, value);
      await rename(`${file}.new`, file);
    }
  }

  delete(key: string): Promise<void> {
    return this.deleteAll([key]);
  }

  async deleteAll(keys: readonly string[]): Promise<void> {
    for (const key of keys) await rm(this.#fileOf(key), { force: true });
  }

  /** Nothing: what was written is in the operating system's hands. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  #fileOf(key: string): string {
    return join(this.#folder, createHash('sha256').update(key).digest('hex'));
  }
}
