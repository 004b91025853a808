import type { WireWriter } from '../../kafka/wire/wire-writer.ts';
import type { NamedTopic } from './by-partition.ts';
import { paced } from '../paced.ts';

/** Writes lists and strings in the form of a version: compact and tagged where that is flexible. */
export class VersionedFields {
  readonly writer: WireWriter;
  readonly #flexible: boolean;

  constructor(writer: WireWriter, flexible: boolean) {
    this.writer = writer;
    this.#flexible = flexible;
  }

  array<T>(items: readonly T[], writeOne: (item: T) => void): void {
    this.#count(items.length);
    for (const item of items) writeOne(item);
  }

  /** A promise where it takes long: then others get their turn in between. */
  pacedArray<T>(items: readonly T[], writeOne: (item: T) => void | Promise<void>): Promise<void> | undefined {
    this.#count(items.length);
    return paced(items, writeOne);
  }

  /**
   * Answers for each partition that a request names, under the name of its topic. A promise where it
   * takes long.
   */
  byTopic<E>(
    topics: readonly NamedTopic<E>[],
    writeOne: (topic: string, entry: E) => void | Promise<void>,
  ): Promise<void> | undefined {
    return this.pacedArray(topics, ({ topic, partitions }) => {
      this.string(topic);
      const later = this.pacedArray(partitions, (entry) => writeOne(topic, entry));
      if (later !== undefined) {
        return later.then(() => {
          this.end();
        });
      }
      this.end();
      return undefined;
    });
  }

  #count(items: number): void {
    if (this.#flexible) this.writer.uvarint(items + 1);
    else this.writer.int32(items);
  }

  string(text: string): WireWriter {
    return this.#flexible ? this.writer.compactString(text) : this.writer.string(text);
  }

  nullableString(text: string | null): WireWriter {
    return this.#flexible ? this.writer.compactNullableString(text) : this.writer.nullableString(text);
  }

  /** The end of a structure. */
  end(): void {
    if (this.#flexible) this.writer.noTags();
  }
}
