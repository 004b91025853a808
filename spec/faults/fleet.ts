import { until } from '../_helpers/until.ts';
import type { WorkerHistory } from './worker/worker-history.ts';
import type { WorkerStart } from './worker/worker-line.ts';
import { WorkerProcess } from './worker/worker-process.ts';

const START_MS = 60_000;

export interface FleetOptions {
  /** What all workers are started with. */
  readonly start: Omit<WorkerStart, 'incarnation' | 'partitions'>;
  readonly build: string;
  /** The partitions of each place: one worker at a time is there, and is replaced when it ends. */
  readonly places: readonly (readonly number[])[];
  readonly nodeArguments: readonly string[];
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
  readonly #extra = new Set<WorkerProcess>();
  #isStopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const partitions of options.places) {
      const place: Place = { partitions, worker: this.#start(partitions) };
      this.places.push(place);
    }
  }

  /** Resolves when each worker reads its partitions. */
  async untilStarted(): Promise<void> {
    await until(() => this.places.every(({ worker }) => worker.history.isStarted), {
      deadlineMs: START_MS,
      what: 'all workers to start',
    });
  }

  /** A second owner of a place's partitions. It is not replaced. */
  startAnother(partitions: readonly number[]): WorkerProcess {
    const worker = this.#start(partitions);
    this.#extra.add(worker);
    return worker;
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
    const workers = [...this.places.map(({ worker }) => worker), ...this.#extra];
    for (const worker of workers) if (worker.isRunning) worker.signal('SIGTERM');
    await Promise.all(workers.map(({ ended }) => ended));
  }

  /** Ends all workers, whatever they do. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    const workers = [...this.places.map(({ worker }) => worker), ...this.#extra];
    for (const worker of workers) if (worker.isRunning) worker.signal('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
  }

  #start(partitions: readonly number[]): WorkerProcess {
    const { start, build, nodeArguments } = this.#options;
    const worker = new WorkerProcess(
      { ...start, incarnation: this.histories.length, partitions },
      {
        build,
        nodeArguments,
        onLine: () => undefined,
        onEnd: (ended) => {
          this.#ended(ended);
        },
      },
    );
    this.histories.push(worker.history);
    return worker;
  }

  #ended(worker: WorkerProcess): void {
    this.#extra.delete(worker);
    const place = this.places.find((each) => each.worker === worker);
    if (place === undefined || this.#isStopping) return;
    place.worker = this.#start(place.partitions);
  }
}
