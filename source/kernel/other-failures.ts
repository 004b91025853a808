import { messageOf, nameOf } from './thrown-text.ts';

/** Kinds of failures that are kept. */
const MOST_KINDS = 20;

/**
 * Failures that came beside another one. Of those that differ only in numbers, such as a partition
 * or an offset, the first is kept, and how many more there were: a job of 300 partitions that ends
 * has 300 of them.
 */
export class OtherFailures {
  /** By what they say, without its numbers. */
  readonly #kinds = new Map<string, { more: Error | undefined; count: number }>();
  readonly #seen = new WeakSet();
  readonly #kept: unknown[];

  /** @param kept takes those that are kept */
  constructor(kept: unknown[]) {
    this.#kept = kept;
  }

  /** Does nothing for one that was added before. */
  add(failure: unknown): boolean {
    if (typeof failure === 'object' && failure !== null) {
      if (this.#seen.has(failure)) return false;
      this.#seen.add(failure);
    }
    const text = messageOf(failure);
    const own = `${failure instanceof Error ? nameOf(failure) : ''} ${text.replaceAll(/\d+/g, '#')}`;
    // Beyond that they are counted together.
    const name = this.#kinds.has(own) || this.#kinds.size < MOST_KINDS ? own : 'others';
    const kind = this.#kinds.get(name);
    if (kind === undefined) {
      this.#kinds.set(name, { more: undefined, count: 0 });
      this.#kept.push(failure);
      return true;
    }
    kind.count++;
    if (kind.more === undefined) this.#kept.push((kind.more = new Error()));
    kind.more.message = `${kind.count} more like this: ${text}`;
    return true;
  }
}
