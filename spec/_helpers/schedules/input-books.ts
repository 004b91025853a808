import { keyOf, type TopicPartition } from '../../../source/kernel/topic-partition.ts';

/** One input topic-partition, over all runs. */
export interface Book extends TopicPartition {
  /** Next offset that process must be given; undefined: the committed one. */
  next: number | undefined;
  /** Offsets that the present run has begun. */
  begun: number[];
  /**
   * Offsets below this were found durable and finished when they were committed, or a seek left
   * them out.
   */
  checked: number;
  /** Where a seek goes that is not known to be committed yet. */
  sought: number | undefined;
  /** Records that a seek left out. */
  readonly leftOut: Set<number>;
  /** Raised by each run and each seek: within a pass, offsets go up. */
  pass: number;
}

/** The books of all input topic-partitions that were met. */
export class InputBooks implements Iterable<Book> {
  readonly #books = new Map<string, Book>();

  [Symbol.iterator](): Iterator<Book> {
    return this.#books.values();
  }

  /** @param pass of a book that is opened now */
  get({ topic, partition }: TopicPartition, pass: number): Book {
    const key = keyOf({ topic, partition });
    let book = this.#books.get(key);
    if (book === undefined) {
      book = {
        topic,
        partition,
        next: undefined,
        begun: [],
        checked: 0,
        sought: undefined,
        leftOut: new Set(),
        pass,
      };
      this.#books.set(key, book);
    }
    return book;
  }
}
