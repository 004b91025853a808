import type { MetricsSnapshot } from '../../../metrics/index.ts';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.ts';

/**
 * A worker's connection to the command that started it. However the command ends, the connection
 * ends with it, and the worker stops cleanly.
 */
export class ParentChannel {
  /** What is to be done; undefined if the command ended before it sent that. */
  readonly task: Promise<WorkerTask | undefined>;
  readonly #stop = new AbortController();
  #collect: () => Promise<MetricsSnapshot | null> = () => Promise.resolve(null);

  private constructor() {
    this.task = new Promise((resolve) => {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'start') resolve(message.task);
        else this.#onMessage(message);
      });
      process.on('disconnect', () => {
        resolve(undefined);
        this.#stop.abort();
      });
    });
    // Ctrl-C reaches all processes of a terminal: the command decides what is done then.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => {
      if (process.connected) void this.send({ kind: 'stop-asked' });
      else this.#stop.abort();
    });
    // After the command has gone nobody reads its output.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  /** Undefined in a process that was not started by the command. */
  static open(): ParentChannel | undefined {
    return process.send === undefined ? undefined : new ParentChannel();
  }

  /** Aborted when the worker is to stop. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Answers the command's questions for metrics. */
  onCollect(collect: () => Promise<MetricsSnapshot | null>): void {
    this.#collect = collect;
  }

  /** Resolves when the message has left this process, also where the command has gone. */
  send(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else
        process.send(message, undefined, undefined, () => {
          resolve();
        });
    });
  }

  #onMessage(message: Exclude<ToWorker, { kind: 'start' }>): void {
    if (message.kind === 'stop') {
      this.#stop.abort();
      return;
    }
    const { id } = message;
    this.#collect().then(
      (snapshot) => this.send({ kind: 'snapshot', id, snapshot }),
      () => this.send({ kind: 'snapshot', id, snapshot: null }),
    );
  }
}
