import { randomUUID } from 'node:crypto';

/**
 * One demand on an implementation of a port, as plain data: any test runner can run it.
 *
 * @typeParam Subject what `run` is given
 * @typeParam Feature what not every implementation can do
 */
export interface ConformanceCase<Subject, Feature extends string> {
  /** A sentence that states the behaviour. */
  readonly title: string;
  /**
   * What the implementation must be able to do for this case; undefined: nothing special. Skip a
   * case with the reason that it lacks this.
   */
  readonly requires?: Feature;
  /**
   * Resolves if the subject behaves so, otherwise rejects: with an AssertionError of node:assert,
   * or with what the subject threw.
   */
  readonly run: (subject: Subject) => Promise<void>;
}

/** Text that nobody else uses: cases share a backend with each other, and with other data. */
export function fresh(name: string): string {
  return `${name}-${randomUUID()}`;
}

/** A value that every store takes, also one that holds nothing but JSON documents. */
export function valueOf(n: number): Buffer {
  return Buffer.from(JSON.stringify({ n }));
}
