import { Worker } from 'node:worker_threads';
import type { RecordRules, RecordVerdict } from './record-check.ts';

/** Without work for this long, the thread ends. */
const IDLE_MS = 5_000;

/** A batch for the other thread. */
export interface ThreadTask {
  readonly id: number;
  readonly codec: number;
  /** Compressed. */
  readonly records: Uint8Array;
  readonly rules: RecordRules;
}

export interface ThreadAnswer extends RecordVerdict {
  readonly id: number;
}

interface Waiting {
  readonly resolve: (verdict: RecordVerdict) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A thread that inflates and checks what would take long, one batch after another: so the event
 * loop is not held up, and the memory of one inflated batch is taken at a time. It starts with the
 * first such batch.
 */
class CheckThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  check(codec: number, records: Buffer, rules: RecordRules): Promise<RecordVerdict> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A copy of its own: the memory around a view would be copied too.
      const copy = new Uint8Array(records);
      const task: ThreadTask = { id, codec, records: copy, rules };
      worker.postMessage(task, [copy.buffer]);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./check-thread-entry.js', import.meta.url));
    worker.unref();
    worker.on('message', ({ id, ...verdict }: ThreadAnswer) => {
      this.#waiting.get(id)?.resolve(verdict);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#endLater(worker);
    });
    worker.on('error', (error) => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    return worker;
  }

  #endLater(worker: Worker): void {
    this.#idle = setTimeout(() => {
      this.#worker = undefined;
      void worker.terminate();
    }, IDLE_MS).unref();
  }
}

/** Of this process. */
export const checkThread = new CheckThread();
