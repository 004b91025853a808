import type { FinishedRun } from '../finished-run.ts';
import type { GeneratedRecord, Invariant, OutputRecord } from '../workload.ts';
import type { Violation } from '../violation.ts';
import type { Sum } from '../workloads/sum.ts';
import { Cases } from './cases.ts';
import { inputRecords } from './input-records.ts';

const NAME = 'stores-equal-fold';

export interface StoresEqualFoldOptions {
  /** What a record adds to which keys. */
  amounts(record: GeneratedRecord): readonly (readonly [key: string, amount: number])[];
  /** What the store has in the end. */
  stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>>;
  /** The topic to which sums were sent, and how one is read. */
  readonly sent?: {
    readonly topic: string;
    sum(output: OutputRecord): readonly [key: string, sum: Sum];
  };
}

/**
 * Each key's value is what its records come to, each counted once; none is missing, and none is more.
 * A sum that was sent on the way is what the records come to that it says are in it.
 */
export function storesEqualFold({ amounts, stored, sent }: StoresEqualFoldOptions): Invariant {
  return {
    name: NAME,
    async check(run) {
      const folds = foldsOf(run, amounts);
      return [
        ...compare(folds, await stored(run)),
        ...(sent === undefined ? [] : await compareSent(run, folds, sent)),
      ];
    },
  };
}

/** What a key's records come to, by their numbers in their one partition. */
class Fold {
  readonly partition: number;
  readonly #numbers: number[] = [];
  /** After the record of the same index. */
  readonly #sums: number[] = [];

  constructor(partition: number) {
    this.partition = partition;
  }

  add(n: number, amount: number): void {
    this.#sums.push((this.#sums.at(-1) ?? 0) + amount);
    this.#numbers.push(n);
  }

  get sum(): number {
    return this.#sums.at(-1) ?? 0;
  }

  /** The number after that of its last record. */
  get next(): number {
    return (this.#numbers.at(-1) ?? -1) + 1;
  }

  /** What the records before a number come to; undefined where none of them is the one before it. */
  before(next: number): number | undefined {
    let [low, high] = [0, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] ?? 0) < next) low = middle + 1;
      else high = middle;
    }
    return this.#numbers[low - 1] === next - 1 ? this.#sums[low - 1] : undefined;
  }
}

function foldsOf(run: FinishedRun, amounts: StoresEqualFoldOptions['amounts']): Map<string, Fold> {
  const folds = new Map<string, Fold>();
  for (const { partition, n, record } of inputRecords(run))
    for (const [key, amount] of amounts(record)) {
      let fold = folds.get(key);
      if (fold === undefined) folds.set(key, (fold = new Fold(partition)));
      fold.add(n, amount);
    }
  return folds;
}

function compare(folds: ReadonlyMap<string, Fold>, stored: ReadonlyMap<string, Sum>): Violation[] {
  const wrong = new Cases(NAME, 'stored values are not what their records come to');
  const missing = new Cases(NAME, 'keys have no stored value');
  const more = new Cases(NAME, 'stored keys are of no record');
  for (const [key, fold] of folds) {
    const value = stored.get(key);
    if (value === undefined) missing.add(() => key);
    else if (value.sum !== fold.sum || value.next[fold.partition] !== fold.next)
      wrong.add(
        () =>
          `${key} is ${value.sum} up to ${value.next[fold.partition] ?? 'nothing'}, not ${fold.sum} up to ${fold.next}`,
      );
  }
  for (const key of stored.keys()) if (!folds.has(key)) more.add(() => key);
  return [...wrong.violations, ...missing.violations, ...more.violations];
}

async function compareSent(
  run: FinishedRun,
  folds: ReadonlyMap<string, Fold>,
  { topic, sum }: NonNullable<StoresEqualFoldOptions['sent']>,
): Promise<readonly Violation[]> {
  const wrong = new Cases(NAME, 'sums that were sent are not what the records in them come to');
  await run.read(topic, (output) => {
    const [key, value] = sum(output);
    const fold = folds.get(key);
    const next = fold === undefined ? undefined : value.next[fold.partition];
    const expected = next === undefined ? undefined : fold?.before(next);
    if (value.sum === expected) return;
    const { partition, offset } = output;
    wrong.add(
      () =>
        `${topic}/${partition} offset ${offset} says that ${key} is ${value.sum} up to ${next ?? 'nothing'}, not ${expected ?? 'known'}`,
    );
  });
  return wrong.violations;
}
