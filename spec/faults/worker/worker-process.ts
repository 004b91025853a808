import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '../../_helpers/until.ts';
import { WorkerHistory, type WorkerEnd } from './worker-history.ts';
import type { WorkerCommand, WorkerLine, WorkerStart, WorkerStep } from './worker-line.ts';

/** What a worker's process is started with, beside what it is told. */
export interface WorkerProcessOptions {
  /** The compiled product that it runs: the folder `dist` of a build. */
  readonly build: string;
  /** More arguments of node, such as `--max-old-space-size=256`. */
  readonly nodeArguments: readonly string[];
  /** Its end, however it came. */
  readonly onEnd: (worker: WorkerProcess) => void;
}

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly history: WorkerHistory;
  /** Resolves when the process is gone and all that it reported was read. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  #complaints = '';
  #rest = '';
  #isTerminated = false;

  constructor(start: WorkerStart, { build, nodeArguments, onEnd }: WorkerProcessOptions) {
    const folder = join(build, 'spec/faults/worker');
    const clock = pathToFileURL(join(folder, 'clock-shift.js')).href;
    this.history = new WorkerHistory(start.incarnation, start.partitions);
    this.#child = spawn(
      process.execPath,
      [
        ...['--enable-source-maps', '--expose-gc', '--import', clock, ...nodeArguments],
        ...[join(folder, 'worker.js'), JSON.stringify(start)],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (this.#rest + text).split('\n');
      this.#rest = parts.pop() ?? '';
      for (const part of parts) this.history.take(JSON.parse(part) as WorkerLine);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-10_000);
    });
    // A command that comes as the process ends is lost.
    this.#child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        const end = this.#endOf(code, signal);
        this.history.end = end;
        this.history.endedAt = performance.now();
        resolve(end);
        onEnd(this);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.history.endedAt === undefined;
  }

  /** Resolves when it reads its partitions. @throws Error if it ends before, or after `deadlineMs` */
  async untilStarted(deadlineMs: number): Promise<void> {
    await until(
      () => {
        if (!this.isRunning && !this.history.isStarted)
          throw new Error(`${this.name} did not start: ${this.why}`);
        return this.history.isStarted;
      },
      { deadlineMs, what: `${this.name} to start` },
    );
  }

  get name(): string {
    return `worker ${this.history.incarnation}`;
  }

  /** Why it ended, in words. */
  get why(): string {
    return `${this.history.end ?? 'running'} ${this.history.failure ?? ''} ${this.#complaints}`.trim();
  }

  tell(command: WorkerCommand): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** It sends itself a signal when it is next at a step. */
  signalAt(step: WorkerStep, signal: 'SIGKILL' | 'SIGTERM'): void {
    this.tell({ do: 'signal-at', step, signal });
  }

  /** SIGTERM is an order to close: it then ends as `closed`. */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM') this.#isTerminated = true;
    this.#child.kill(signal);
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): WorkerEnd {
    if (signal !== null) return 'killed';
    if (code !== 0) {
      this.history.failure ??= `code ${String(code)}: ${this.#complaints}`;
      return 'failed';
    }
    return this.#isTerminated || this.history.signalledAt !== undefined ? 'closed' : 'done';
  }
}
