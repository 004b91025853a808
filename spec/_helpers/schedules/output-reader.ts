import type { Invariant } from './invariants.ts';
import type { ScheduledKafka } from './scheduled-kafka.ts';

/**
 * Reads what the runs have written: the key of an output is the name of its input, its value the
 * pass.
 */
export class OutputReader {
  readonly #kafka: ScheduledKafka;
  readonly #fail: (invariant: Invariant, what: string) => void;
  /** How often each output was written. */
  readonly #times = new Map<string, number>();
  readonly #seen: number[] = [];
  /** Last output of an input partition: the pass that wrote it, and its offset. */
  readonly #last = new Map<string, { readonly pass: number; readonly offset: number }>();
  #repeats = 0;

  constructor(kafka: ScheduledKafka, fail: (invariant: Invariant, what: string) => void) {
    this.#kafka = kafka;
    this.#fail = fail;
  }

  /** Outputs that were written more than once. */
  get repeats(): number {
    return this.#repeats;
  }

  has(name: string): boolean {
    return this.#times.has(name);
  }

  /** The input is to be done again. */
  delete(name: string): void {
    this.#times.delete(name);
  }

  /** Reads what was written since the last call. */
  read(): void {
    for (let partition = 0; partition < (this.#kafka.topics.partitionCount('out') ?? 0); partition++) {
      const log = this.#kafka.log({ topic: 'out', partition });
      let at = this.#seen[partition] ?? 0;
      for (; at < log.end; at++) {
        const { keyText, valueText } = log.messages.get(at) ?? {};
        this.#readOne(keyText ?? '', Number(valueText));
      }
      this.#seen[partition] = at;
    }
  }

  #readOne(name: string, pass: number): void {
    const times = this.#times.get(name) ?? 0;
    this.#times.set(name, times + 1);
    if (times > 0) this.#repeats++;
    const slash = name.lastIndexOf('/');
    const input = name.slice(0, slash);
    const offset = Number(name.slice(slash + 1));
    const last = this.#last.get(input);
    this.#last.set(input, { pass, offset });
    if (last === undefined) return;
    if (pass < last.pass) this.#fail('outputOrder', `${name} of pass ${pass} comes after pass ${last.pass}`);
    if (pass === last.pass && offset <= last.offset)
      this.#fail('outputOrder', `${name} comes after offset ${last.offset}`);
  }
}
