import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MetricsSnapshot } from '../../../metrics/index.ts';
import { systemClock, type Timer } from '../../kernel/clock.ts';
import { partitionList } from '../../kernel/partition-list.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Io } from '../terminal/io.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Shutdown } from '../terminal/shutdown.ts';
import { forwardLines } from '../terminal/whole-lines.ts';
import type {
  FromWorker,
  ToWorker,
  WorkerDone,
  WorkerFailure,
  WorkerReport,
  WorkerTask,
} from './worker-messages.ts';
import { workerExecArgv } from './young-generation.ts';

const program = fileURLToPath(new URL('../bin.js', import.meta.url));

/**
 * How long a worker may take to send its metrics; after that its last ones count. A monitor server
 * gives up a scrape after 2 s.
 */
const COLLECT_WITHIN_MS = 1000;
/**
 * How long its output may take to arrive after its exit: a process that it left behind may hold it
 * open.
 */
const OUTPUT_WITHIN_MS = 1000;

/** How a worker ended. */
export type WorkerEnd =
  ({ readonly kind: 'done' } & WorkerDone) | { readonly kind: 'failed'; readonly failure: WorkerFailure };

export interface WorkerProcessOptions {
  readonly task: WorkerTask;
  readonly surroundings: WorkerSurroundings;
}

/** What a worker shares with the command that starts it. */
export interface WorkerSurroundings {
  readonly io: Pick<Io, 'env' | 'stdout'>;
  /** Where the worker's lines go that belong to a terminal. */
  readonly progress: Pick<Progress, 'write'>;
  /** Asked for where a signal was sent to the worker alone. */
  readonly shutdown: Pick<Shutdown, 'request'>;
}

/** One of the processes of a run, as the command sees it. */
export class WorkerProcess {
  readonly task: WorkerTask;
  /** Resolves when it begins to read: nobody else has its partitions. */
  readonly started: Promise<void>;
  /** Resolves after its exit, for any reason; never rejects. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  readonly #collecting = new Map<number, (snapshot: MetricsSnapshot | null) => void>();
  readonly #shutdown: Pick<Shutdown, 'request'>;
  #hasStarted: () => void = () => undefined;
  #nextId = 0;
  #heardAt = performance.now();
  #total: number | undefined;
  #report: WorkerReport | undefined;
  #snapshot: MetricsSnapshot | null = null;
  #result: WorkerEnd | undefined;
  #end: WorkerEnd | undefined;
  #isGone = false;
  #limit: Timer | undefined;
  #failedToStopWithinMs: number | undefined;

  constructor({ task, surroundings }: WorkerProcessOptions) {
    const { io, progress, shutdown } = surroundings;
    this.task = task;
    this.#shutdown = shutdown;
    const child = fork(program, ['worker'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...io.env },
      execArgv: workerExecArgv(process.execArgv, io.env),
    });
    this.#child = child;
    const output = io.stdout.isTTY === true ? progress : io.stdout;
    if (child.stdout !== null) forwardLines(child.stdout, output);
    if (child.stderr !== null) forwardLines(child.stderr, progress);
    child.on('message', (message: FromWorker) => {
      this.#onMessage(message);
    });
    this.started = new Promise((resolve) => {
      this.#hasStarted = resolve;
    });
    this.ended = this.#waitForEnd();
    this.#send({ kind: 'start', task });
  }

  /** `worker 2 (pid 12, partitions 4-7)` */
  get title(): string {
    const { worker, partitions } = this.task;
    return `worker ${worker} (pid ${this.pid}, partitions ${partitionList(partitions)})`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How many records it has to process; undefined until it begins to read. */
  get total(): number | undefined {
    return this.#total;
  }

  /** Its last report. */
  get report(): WorkerReport | undefined {
    return this.#report;
  }

  /** How it ended; undefined while it runs. */
  get end(): WorkerEnd | undefined {
    return this.#end;
  }

  /** For how long it has sent nothing. */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /**
   * Lets it finish and commit the batch in process, and stop; kills it where that takes longer than
   * this: a worker whose event loop is blocked hears of nothing.
   */
  stop(withinMs: number): void {
    if (this.#isGone) return;
    this.#send({ kind: 'stop' });
    this.#limit ??= systemClock.after(withinMs, () => {
      this.#failedToStopWithinMs = withinMs;
      this.kill();
    });
  }

  /** Kills it immediately. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Its metrics now; the last ones that it sent where it does not answer, or has ended. */
  collect(): Promise<MetricsSnapshot | null> {
    if (this.#result !== undefined || this.#end !== undefined) return Promise.resolve(this.#snapshot);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        answer(this.#snapshot);
      }, COLLECT_WITHIN_MS);
      const answer = (snapshot: MetricsSnapshot | null) => {
        clearTimeout(timer);
        this.#collecting.delete(id);
        resolve(snapshot);
      };
      this.#collecting.set(id, answer);
      this.#send({ kind: 'collect', id });
    });
  }

  #send(message: ToWorker): void {
    if (!this.#child.connected) return;
    // It may exit at any time: then the message does not matter.
    this.#child.send(message, () => undefined);
  }

  #onMessage(message: FromWorker): void {
    this.#heardAt = performance.now();
    switch (message.kind) {
      case 'started':
        this.#total = message.total;
        this.#hasStarted();
        break;
      case 'beat':
        this.#report = message.report;
        break;
      case 'snapshot':
        this.#snapshot = message.snapshot ?? this.#snapshot;
        this.#collecting.get(message.id)?.(this.#snapshot);
        break;
      case 'stop-asked':
        this.#shutdown.request();
        break;
      case 'done':
        this.#report = message.report ?? this.#report;
        this.#snapshot = message.snapshot ?? this.#snapshot;
        this.#result = message;
        break;
      case 'failed':
        this.#result = message;
        break;
    }
  }

  async #waitForEnd(): Promise<WorkerEnd> {
    const child = this.#child;
    // Its last messages may come after it has exited, but not after this.
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => {
        resolve(`could not be started: ${error.message}`);
      });
      child.once('exit', (code, signal) => {
        resolve(
          signal === null
            ? `exited with code ${code ?? 0} before its run had ended; a job must not call process.exit`
            : `was killed by ${signal}; find out who sent it: Linux does so when memory runs out (see dmesg)`,
        );
      });
    });
    this.#isGone = true;
    this.#limit?.cancel();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, OUTPUT_WITHIN_MS);
    });
    await Promise.race([closed, tooLate]);
    clearTimeout(timer);
    const end = this.#result ?? this.#died(how);
    this.#end = end;
    for (const answer of this.#collecting.values()) answer(this.#snapshot);
    return end;
  }

  #died(how: string): WorkerEnd {
    const limitMs = this.#failedToStopWithinMs;
    const [why, { code: exitCode }] =
      limitMs === undefined
        ? [how, exitCodes.failed]
        : [
            `did not stop within ${limitMs} ms, and was killed: its process function blocks the event loop, or something does not close`,
            exitCodes.timeout,
          ];
    const message = `${this.title} ${why}`;
    const text = `error: ${message}. What it had not committed is reprocessed at the next start`;
    return { kind: 'failed', failure: { code: 'WORKER', message, text, exitCode } };
  }
}
