import { Worker } from 'node:worker_threads';
import type { CheckTask, SearchTask } from './batch-task.ts';
import type { RecordRules, RecordVerdict } from './record-check.ts';
import type { TimeAnswer, TimeQuery } from './time-search.ts';

/** Without work for this long, the thread ends. */
const IDLE_MS = 5_000;

/** A batch for the other thread, and what is to be done with it. */
export type ThreadTask = { readonly id: number; readonly batch: Uint8Array } & (
  | { readonly kind: 'check'; readonly rules: RecordRules }
  | { readonly kind: 'search'; readonly query: TimeQuery }
);

export interface ThreadAnswer {
  readonly id: number;
  readonly answer: RecordVerdict | TimeAnswer;
}

interface Waiting {
  readonly resolve: (answer: RecordVerdict | TimeAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A thread that inflates, checks, searches and recompresses what would take long, one batch after
 * another: so the event loop is not held up, and the memory of one inflated batch is taken at a time.
 * It starts with the first such batch.
 */
class CheckThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  async check(batch: Buffer, { kind, rules }: CheckTask): Promise<RecordVerdict> {
    const verdict = (await this.#post(batch, { kind, rules })) as RecordVerdict;
    const { rewritten } = verdict;
    return rewritten === undefined ? verdict : { ...verdict, rewritten: bufferOver(rewritten) };
  }

  async search(batch: Buffer, { kind, query }: SearchTask): Promise<TimeAnswer> {
    return (await this.#post(batch, { kind, query })) as TimeAnswer;
  }

  #post(
    batch: Buffer,
    what: Pick<CheckTask, 'kind' | 'rules'> | Pick<SearchTask, 'kind' | 'query'>,
  ): Promise<RecordVerdict | TimeAnswer> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A copy of its own: the memory around a view would be copied too.
      const copy = new Uint8Array(batch);
      const task: ThreadTask = { id, batch: copy, ...what };
      worker.postMessage(task, [copy.buffer]);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./check-thread-entry.js', import.meta.url));
    worker.unref();
    worker.on('message', ({ id, answer }: ThreadAnswer) => {
      this.#waiting.get(id)?.resolve(answer);
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

/** A buffer that comes from another thread is a plain array of bytes. */
function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Of this process. */
export const checkThread = new CheckThread();
