import type { Planned } from '../plan.ts';
import { recordsOf, type Row } from '../run-row.ts';

/** A process, a group, an output topic, and the reading back of it. */
const RUN_SECONDS = 2;
/** To create and delete a partition of an output, and to join its group. */
const PARTITION_SECONDS = 0.004;
/** Acks and commits that nothing overlaps with. */
const BATCH_SECONDS = 0.0005;
/** To fill the inputs. */
const FILL_SECONDS_PER_MILLION = 4;

/** Roughly, in seconds: records that are read, and the same that are sent. */
const perMillion = {
  'kasper-ts': { reads: 1, sends: 2 },
  kafkajs: { reads: 3.3, sends: 12 },
  platformatic: { reads: 6, sends: 9 },
  'franz-go': { reads: 0.5, sends: 1 },
} as const;
const stores = {
  redis: { perMillion: 4, start: 0.5 },
  elasticsearch: { perMillion: 60, start: 15 },
} as const;

/**
 * About how long one round of a comparison takes, one run of each row. It is wrong by the same factor
 * for most of them on another machine, so that the first ones say how long the others will take.
 */
export function roundSeconds({ compared, rows }: Planned): number {
  return rows.reduce((sum, row) => sum + rowSeconds(compared, row), 0);
}

/** The same for what is done once, before the rounds. */
export function fillSeconds({ rows }: Planned): number {
  const records = Math.max(0, ...rows.map(recordsOf));
  return (records / 1e6) * FILL_SECONDS_PER_MILLION;
}

function rowSeconds({ job, ground }: Planned['compared'], row: Row): number {
  const { reads, sends } = perMillion[row.contender.name];
  const store = job.store === undefined ? { perMillion: 0, start: 0 } : stores[job.store.server];
  const compressed = ground.compression === 'none' ? 1 : 2;
  const larger = 1 + ground.valueBytes / 1000;
  const each = (reads + (job.output === undefined ? 0 : sends)) * compressed * larger + store.perMillion;
  const fixed = RUN_SECONDS + store.start + ground.partitions * PARTITION_SECONDS;
  const records = recordsOf(row);
  const run = fixed + (records / 1e6) * each + (records / (row.batch ?? Infinity)) * BATCH_SECONDS;
  return row.shortInputs === undefined ? run : run + fixed + (run - fixed) / 4;
}

/** A limit of time that comparisons share, some of them still to be made. */
export class TimeLeft {
  readonly #limitSeconds: number;
  readonly #now: () => number;
  readonly #began: number;
  /** How long what is done was expected to take, with its runs. */
  #expectedOfDone = 0;

  /** `now` is in ms. */
  constructor(limitSeconds: number, now: () => number) {
    this.#limitSeconds = limitSeconds;
    this.#now = now;
    this.#began = now();
  }

  get elapsedSeconds(): number {
    return (this.#now() - this.#began) / 1000;
  }

  /** How long this and what is left will take, in seconds, each with so many runs at most. */
  expectedSeconds(left: readonly ExpectedTime[], mostRuns: number): number {
    return this.#factor * left.reduce((sum, one) => sum + secondsOf(one, Math.min(mostRuns, one.runs)), 0);
  }

  /**
   * How many runs there is time for of the first of what is left, if all others have one less: at
   * least 1. What comes first matters most.
   */
  runsFor([next, ...others]: readonly ExpectedTime[]): number {
    if (next === undefined) return 1;
    const time = this.#limitSeconds - this.elapsedSeconds;
    for (let { runs } = next; runs > 1; runs--)
      if (this.expectedSeconds([next], runs) + this.expectedSeconds(others, runs - 1) <= time) return runs;
    return 1;
  }

  done(one: ExpectedTime, runs: number): void {
    this.#expectedOfDone += secondsOf(one, runs);
  }

  /** How many times as long as expected it has taken so far. */
  get #factor(): number {
    return this.#expectedOfDone === 0 ? 1 : this.elapsedSeconds / this.#expectedOfDone;
  }
}

/** What a comparison is expected to take. */
export interface ExpectedTime {
  readonly fillSeconds: number;
  readonly roundSeconds: number;
  /** The runs of each row that are wanted. */
  readonly runs: number;
}

function secondsOf({ fillSeconds: fill, roundSeconds: round }: ExpectedTime, runs: number): number {
  return fill + round * runs;
}
