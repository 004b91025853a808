import { until } from '../_helpers/until.ts';
import type { WorkerHistory } from './worker/worker-history.ts';
import { raceDeadline } from './race-deadline.ts';
import type { WorkerStart, WorkerStep } from './worker/worker-line.ts';
import { WorkerProcess } from './worker/worker-process.ts';

const START_MS = 60_000;
const RESTART_MS = 1_000;

export interface FleetOptions {
  /** What all workers are started with. */
  readonly start: Omit<WorkerStart, 'incarnation' | 'partitions'>;
  readonly build: string;
  /** The partitions of each place: one worker at a time is there, and is replaced when it ends. */
  readonly places: readonly (readonly number[])[];
  readonly nodeArguments: readonly string[];
  /**
   * Each place has a name (`instanceId`): a new owner takes over immediately. Otherwise only if the one before is
   * known to be gone, or has been silent for `claimTimeoutMs`.
   */
  readonly hasNames: boolean;
}

/** A set of partitions, and the worker that has them. */
export interface Place {
  readonly partitions: readonly number[];
  worker: WorkerProcess;
}

/** The workers. One that ends is replaced immediately, as a supervisor does. */
export class Fleet {
  readonly places: Place[] = [];
  /** Each worker that was started. */
  readonly histories: WorkerHistory[] = [];
  readonly #options: FleetOptions;
  readonly #former = new Set<WorkerProcess>();
  #isStopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const partitions of options.places) {
      this.places.push({ partitions, worker: this.#start(partitions) });
    }
  }

  /** A place by a number of any size. */
  place(number: number): Place {
    const place = this.places[number % this.places.length];
    if (place === undefined) throw new Error('There are no workers');
    return place;
  }

  /**
   * The worker of a place sends itself a signal at a step of a batch; where that ends before, the next
   * one does. Resolves with it once it is gone; undefined after `deadlineMs`.
   */
  async signalAt(
    place: Place,
    step: WorkerStep,
    signal: 'SIGKILL' | 'SIGTERM',
    deadlineMs: number,
  ): Promise<WorkerProcess | undefined> {
    const late = performance.now() + deadlineMs;
    while (performance.now() < late) {
      const { worker } = place;
      worker.signalAt(step, signal);
      if (!(await raceDeadline(worker.ended, late - performance.now()))) return undefined;
      if (worker.history.signalledAt !== undefined) return worker;
      await until(() => place.worker !== worker, {
        deadlineMs: START_MS,
        what: `another worker after ${worker.name}`,
      });
    }
    return undefined;
  }

  /** Resolves when each worker reads its partitions. */
  async untilStarted(): Promise<void> {
    await until(() => this.places.every(({ worker }) => worker.history.isStarted), {
      deadlineMs: START_MS,
      what: 'all workers to start',
    });
  }

  /**
   * Starts another worker at a place while the one before still lives: two owners. That one is not
   * replaced when it ends.
   */
  startSecond(place: Place): WorkerProcess {
    this.#former.add(place.worker);
    place.worker = this.#start(place.partitions);
    return place.worker;
  }

  /** What workers have logged as a warning or an error, or shown as one, from then on. */
  noticedSince(since: number): readonly string[] {
    return this.histories.flatMap(({ incarnation, noticed }) =>
      noticed.filter(({ at }) => at >= since).map(({ text }) => `worker ${incarnation}: ${text}`),
    );
  }

  /** By partition, when a worker committed last, on `performance.now()`. */
  committedAt(partition: number): number {
    return this.histories.reduce(
      (latest, { committedAt }) => Math.max(latest, committedAt.get(partition) ?? 0),
      0,
    );
  }

  /** Ends all workers in good order (SIGTERM). @throws Error if one cannot */
  async close(): Promise<void> {
    this.#isStopping = true;
    const workers = [...this.places.map(({ worker }) => worker), ...this.#former];
    for (const worker of workers) if (worker.isRunning) worker.signal('SIGTERM');
    await Promise.all(workers.map(({ ended }) => ended));
  }

  /** Ends all workers, whatever they do. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    const workers = [...this.places.map(({ worker }) => worker), ...this.#former];
    for (const worker of workers) if (worker.isRunning) worker.signal('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
  }

  #start(partitions: readonly number[]): WorkerProcess {
    const { start, build, nodeArguments, hasNames } = this.#options;
    const worker = new WorkerProcess(
      {
        ...start,
        incarnation: this.histories.length,
        partitions,
        ...(hasNames ? { instanceId: `place-${String(partitions[0])}` } : {}),
      },
      {
        build,
        nodeArguments,

        onEnd: (ended) => {
          this.#ended(ended);
        },
      },
    );
    this.histories.push(worker.history);
    return worker;
  }

  #ended(worker: WorkerProcess): void {
    this.#former.delete(worker);
    const place = this.places.find((each) => each.worker === worker);
    if (place === undefined || this.#isStopping) return;
    const again = () => {
      if (!this.#isStopping) place.worker = this.#start(place.partitions);
    };
    // One that cannot start is not started without end.
    if (worker.history.isStarted) again();
    else setTimeout(again, RESTART_MS);
  }
}
