import type { KasperError } from '../kernel/errors.ts';
import { listPartitions, type TopicPartition } from '../kernel/topic-partition.ts';

/**
 * Something that fails and is tried again. The object lives as long as that lasts, and its
 * properties are those of the moment in which they are read.
 */
export interface Trouble {
  /** What fails, as the beginning of a sentence: `Reading orders/0 and 3 more`. */
  readonly what: string;
  /**
   * `ask`: a question that may be given up while a run continues. Whatever else is given up ends the
   * run.
   */
  readonly kind: 'connect' | 'read' | 'send' | 'commit' | 'group' | 'ask';
  /** Since when, on the monotonic clock. */
  readonly since: number;
  /** When it is given up, on the monotonic clock. */
  readonly givesUpAt: number;
  /** The last error. */
  readonly error: KasperError;
}

/** Hears what fails and is tried again. No method may throw. */
export interface TroubleReports {
  /** Called once, after the first failure. */
  onTrouble(trouble: Trouble): void;
  /** It has succeeded, or was given up. */
  onTroubleOver(trouble: Trouble): void;
}

/** A partition, and since when, on the monotonic clock, nothing but failures came. */
interface Failing extends TopicPartition {
  readonly failingSince: number | undefined;
}

/** The partitions for which one thing fails: one trouble, however many they are. */
export class FailingPartitions<Partition extends Failing> {
  readonly #options: FailingPartitionsOptions;
  readonly #failing = new Set<Partition>();
  #trouble: Trouble | undefined;
  #error: KasperError | undefined;

  constructor(options: FailingPartitionsOptions) {
    this.#options = options;
  }

  /** It failed for these, and is tried again. */
  add(partitions: readonly Partition[], error: KasperError): void {
    this.#error = error;
    for (const partition of partitions) this.#failing.add(partition);
    if (this.#trouble !== undefined || this.#failing.size === 0) return;
    this.#trouble = this.#newTrouble();
    this.#options.reports.onTrouble(this.#trouble);
  }

  /** It has succeeded for this one, or is not tried any more. */
  delete(partition: Partition): void {
    if (this.#trouble === undefined || !this.#failing.delete(partition) || this.#failing.size > 0) return;
    this.#end(this.#trouble);
  }

  clear(): void {
    this.#failing.clear();
    if (this.#trouble !== undefined) this.#end(this.#trouble);
  }

  #end(trouble: Trouble): void {
    this.#trouble = undefined;
    this.#options.reports.onTroubleOver(trouble);
  }

  #newTrouble(): Trouble {
    const { verb, kind, timeoutMs } = this.#options;
    const partitions = () => [...this.#failing];
    const since = () =>
      partitions().reduce((first, { failingSince = first }) => Math.min(first, failingSince), Infinity);
    const error = () => this.#error as KasperError;
    return {
      kind,
      get what() {
        return `${verb} ${listPartitions(partitions(), 3)}`;
      },
      get since() {
        return since();
      },
      get givesUpAt() {
        return since() + timeoutMs;
      },
      get error() {
        return error();
      },
    };
  }
}

/** What fails for partitions, and where that is reported. */
export interface FailingPartitionsOptions {
  /** What is done with the partitions: `Reading`. */
  readonly verb: string;
  readonly kind: Trouble['kind'];
  /** For how long it is tried again. */
  readonly timeoutMs: number;
  readonly reports: TroubleReports;
}
