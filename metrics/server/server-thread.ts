import { Worker } from 'node:worker_threads';
import { ConfigError } from '../../source/kernel/errors.ts';
import type { Logger } from '../../source/kernel/logger.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import { cannotListen } from './cannot-listen.ts';
import {
  UNASKED,
  type Answers,
  type FromServer,
  type Question,
  type ServerData,
  type ToServer,
} from './messages.ts';

/** Longer than the server's thread gives its connections to finish. */
const CLOSE_MS = 2_000;

/** Answers a question of the server's thread; it may throw. */
export type Answerer = (question: Question) => Answers[Question] | Promise<Answers[Question]>;

export interface ServerThreadOptions {
  readonly data: ServerData;
  readonly logger: Logger;
  readonly answer: Answerer;
}

/** Where it listens. */
export interface Listening {
  readonly address: string;
  readonly port: number;
}

/** The thread that serves HTTP, as the main thread sees it. */
export class ServerThread {
  readonly listening: Listening;
  readonly #worker: Worker;
  readonly #options: ServerThreadOptions;
  readonly #ended: Promise<void>;
  #isStopping = false;

  private constructor(worker: Worker, listening: Listening, options: ServerThreadOptions) {
    this.#worker = worker;
    this.listening = listening;
    this.#options = options;
    let cause: unknown;
    worker.once('error', (error: unknown) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        resolve();
        if (this.#isStopping) return;
        options.logger.error('The thread of the monitor server has stopped: the server no longer answers', {
          code,
          error: cause,
        });
      });
    });
    worker.on('message', (message: FromServer) => {
      if (message.kind === 'ask') void this.#answer(message.id, message.question);
      else if (message.kind === 'trouble')
        options.logger.warn('The monitor server could not accept a connection', { reason: message.message });
    });
  }

  /** @throws ConfigError if the thread cannot be started, or cannot listen */
  static async start(options: ServerThreadOptions): Promise<ServerThread> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: options.data,
      name: 'kasper monitor',
      // Loaders and hooks of the program must not run in this thread.
      execArgv: [],
    });
    try {
      return new ServerThread(worker, await untilListening(worker, options.data), options);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Sends an answer in advance: it is needed if the event loop is blocked before anybody asks. */
  tell(question: Question): void {
    void this.#answer(UNASKED, question);
  }

  /** Closes connections, those in use within a second, and then stops the thread. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#post({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #answer(id: number, question: Question): Promise<void> {
    const { answer, logger } = this.#options;
    try {
      this.#post({ kind: 'answer', id, question, answer: await answer(question) });
    } catch (error) {
      logger.error('The monitor server could not answer', { question, error });
      this.#post({ kind: 'failed', id, message: messageOf(error) });
    }
  }

  #post(message: ToServer): void {
    this.#worker.postMessage(message);
  }
}

function untilListening(worker: Worker, data: ServerData): Promise<Listening> {
  return new Promise((resolve, reject) => {
    worker.once('error', (cause: unknown) => {
      reject(notStarted(cause));
    });
    worker.once('exit', (code) => {
      reject(notStarted(new Error(`the thread exited with code ${code}`)));
    });
    worker.once('message', (message: FromServer) => {
      if (message.kind === 'listening') resolve(message);
      else if (message.kind === 'refused') reject(cannotListen(data, message.code, message.message));
    });
  });
}

function notStarted(cause: unknown): ConfigError {
  return new ConfigError(
    [
      `its thread could not be started: ${messageOf(cause)}. ` +
        'If the program is bundled into one file, keep kasper-ts out of the bundle, as an external package',
    ],
    { what: 'MonitorServer', cause },
  );
}
