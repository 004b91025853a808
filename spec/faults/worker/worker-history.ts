import type { BatchRange, Usage, WorkerLine, WorkerStep } from './worker-line.ts';

/** How a worker ended: `killed` by a signal, `closed` after SIGTERM, `done` at the end of its input. */
export type WorkerEnd = 'killed' | 'closed' | 'done' | 'failed';

const MOST_NOTICED = 500;

interface OpenBatch {
  readonly partition: number;
  readonly ranges: readonly BatchRange[];
}

/** What is kept of a worker's reports: it grows with its troubles, not with its records. */
export class WorkerHistory {
  readonly incarnation: number;
  readonly partitions: readonly number[];
  /** Times are of `performance.now()` in the process of the campaign. */
  readonly startedAt = performance.now();
  endedAt: number | undefined;
  end: WorkerEnd | undefined;
  /** What it failed with. */
  failure: string | undefined;
  /** Whether partitions were read: it has its claims. */
  isStarted = false;
  /** The step at which it sent itself a signal. */
  signalledAt: WorkerStep | undefined;
  /** Records that it counts as processed and committed. */
  records = 0;
  /** Records of the commits that it reported. */
  committed = 0;
  /** Records that it counts as sent again, not knowing whether they had arrived. */
  repeated = 0;
  /** For how long its event loop was blocked on purpose. */
  blockedMs = 0;
  readonly usages: Usage[] = [];
  readonly unhandled: string[] = [];
  /**
   * Warnings and errors of its log, and failures that `stats()` shows, with the time: the last
   * {@link MOST_NOTICED}.
   */
  readonly noticed: { readonly at: number; readonly text: string }[] = [];
  /** Per topic and partition the ranges of batches begun, those that adjoin in one. */
  readonly begun = new Map<string, [first: number, last: number][]>();
  /** Times and health, whenever that changed. */
  readonly healths: {
    readonly at: number;
    readonly healthy: boolean;
    readonly degraded: boolean;
    readonly ready: boolean;
  }[] = [];
  /** By partition, when it committed last. */
  readonly committedAt = new Map<number, number>();
  lastState: Extract<WorkerLine, { at: 'state' }> | undefined;
  readonly #open = new Map<string, OpenBatch>();
  readonly #errors = new Map<string, number>();

  constructor(incarnation: number, partitions: readonly number[]) {
    this.incarnation = incarnation;
    this.partitions = partitions;
  }

  /** Batches that were begun and whose commit was not reported. */
  get open(): readonly OpenBatch[] {
    return [...this.#open.values()];
  }

  take(line: WorkerLine): void {
    switch (line.at) {
      case 'started':
        this.isStarted = true;
        break;
      case 'step':
        this.#step(line);
        break;
      case 'log':
        if (line.level !== 'info') {
          this.#notice(line.error === undefined ? line.message : `${line.message}: ${line.error}`);
        }
        break;
      case 'state':
        this.#state(line);
        break;
      case 'usage':
        this.usages.push(line);
        break;
      case 'unhandled':
        this.unhandled.push(line.error);
        break;
      case 'done':
        this.end = 'done';
        break;
      case 'failed':
        this.end = 'failed';
        this.failure = line.error;
        break;
      case 'given-up':
        this.#giveUp(line);
        break;
      case 'unblocked':
        this.blockedMs += line.ms;
        break;
      case 'signalled':
        this.signalledAt = line.step;
    }
  }

  #step({ step, partition, ranges }: Extract<WorkerLine, { at: 'step' }>): void {
    const [first] = ranges;
    if (first === undefined) return;
    const key = `${first[0]}/${partition}/${first[1]}`;
    if (step === 'begun') {
      this.#open.set(key, { partition, ranges });
      for (const range of ranges) this.#begin(partition, range);
    } else if (step === 'committed') {
      this.#open.delete(key);
      this.committedAt.set(partition, performance.now());
      for (const [, from, to] of ranges) this.committed += to - from + 1;
    }
  }

  #giveUp({ partition, ranges }: Extract<WorkerLine, { at: 'given-up' }>): void {
    for (const [topic, first] of ranges) {
      this.#open.delete(`${topic}/${partition}/${first}`);
      const begun = this.begun.get(`${topic}/${partition}`);
      const last = begun?.at(-1);
      if (last === undefined) continue;
      // It is the partition's last one.
      if (last[0] === first) begun?.pop();
      else last[1] = first - 1;
    }
  }

  #notice(text: string): void {
    this.noticed.push({ at: performance.now(), text });
    if (this.noticed.length > MOST_NOTICED) this.noticed.shift();
  }

  #begin(partition: number, [topic, first, last]: BatchRange): void {
    const key = `${topic}/${partition}`;
    const ranges = this.begun.get(key) ?? [];
    this.begun.set(key, ranges);
    const before = ranges.at(-1);
    if (before !== undefined && before[1] + 1 === first) before[1] = last;
    else ranges.push([first, last]);
  }

  #state(line: Extract<WorkerLine, { at: 'state' }>): void {
    this.lastState = line;
    this.records = line.records;
    this.repeated = line.repeated;
    for (const { code, message, at, times } of line.recentErrors) {
      const key = `${code} ${message}`;
      if (this.#errors.get(key) === at) continue;
      this.#errors.set(key, at);
      this.#notice(`${code}: ${message} (${times} times)`);
    }
    const { healthy, degraded, ready } = line.health;
    const before = this.healths.at(-1);
    if (before?.healthy === healthy && before.degraded === degraded && before.ready === ready) return;
    this.healths.push({ at: performance.now(), healthy, degraded, ready });
  }
}
