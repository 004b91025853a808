import { Worker } from 'node:worker_threads';
import { ConfigError } from '../../source/kernel/errors.ts';
import type { Logger } from '../../source/kernel/logger.ts';
import type { Answers, FromServer, Question, ServerData, ToServer } from './messages.ts';

/** Longer than the server's thread gives its connections to end. */
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

/** The thread in which HTTP is spoken, as the main thread sees it. */
export class ServerThread {
  readonly listening: Listening;
  readonly #worker: Worker;
  readonly #ended: Promise<unknown>;
  #isStopping = false;

  private constructor(worker: Worker, listening: Listening) {
    this.#worker = worker;
    this.listening = listening;
    this.#ended = new Promise((resolve) => {
      worker.once('exit', resolve);
    });
  }

  /** @throws ConfigError if the thread cannot be started, or cannot listen */
  static async start({ data, logger, answer }: ServerThreadOptions): Promise<ServerThread> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: data,
      name: 'kasper monitor',
      // Loaders and hooks of the program are not for this thread.
      execArgv: [],
    });
    const post = (message: ToServer) => {
      worker.postMessage(message);
    };
    let thread: ServerThread | undefined;
    try {
      const listening = await new Promise<Listening>((resolve, reject) => {
        const onEnd = (cause: unknown) => {
          reject(notStarted(cause));
          if (thread !== undefined && !thread.#isStopping)
            logger.error('The thread of the monitor server has ended: it does not answer any more', {
              error: cause,
            });
        };
        worker.once('error', onEnd);
        worker.once('exit', (code) => {
          onEnd(new Error(`the thread ended with code ${code}`));
        });
        worker.on('message', (message: FromServer) => {
          if (message.kind === 'listening') resolve(message);
          else if (message.kind === 'refused') reject(cannotListen(data, message.code, message.message));
          else void answerTo(message.id, message.question, { answer, post, logger });
        });
      });
      thread = new ServerThread(worker, listening);
      return thread;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Tells that processors have come or gone. */
  changed(): void {
    this.#post({ kind: 'changed' });
  }

  /** Ends connections, those in use within a second, and then the thread. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#post({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #post(message: ToServer): void {
    this.#worker.postMessage(message);
  }
}

async function answerTo(
  id: number,
  question: Question,
  {
    answer,
    post,
    logger,
  }: Pick<ServerThreadOptions, 'answer' | 'logger'> & { readonly post: (message: ToServer) => void },
): Promise<void> {
  try {
    post({ kind: 'answer', id, answer: await answer(question) });
  } catch (error) {
    logger.error('The monitor server could not answer', { question, error });
    post({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

function notStarted(cause: unknown): ConfigError {
  return new ConfigError(
    [
      `its thread could not be started: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'Where the program is bundled into one file, leave kasper-ts out of the bundle, as a package beside it',
    ],
    { what: 'MonitorServer', cause },
  );
}

function cannotListen({ port, host }: ServerData, code: string, message: string): ConfigError {
  return new ConfigError(
    [`cannot listen on port ${port} of ${host}: ${remedies[code]?.(port, host) ?? message}`],
    {
      what: 'MonitorServer',
      cause: Object.assign(new Error(message), { code }),
    },
  );
}

/** By the error of listen(2), or of the look-up of the name. */
const remedies: Readonly<Record<string, ((port: number, host: string) => string) | undefined>> = {
  EADDRINUSE: (port) =>
    `another process listens there (lsof -i :${port} tells which). Take another port, or 0 for a free one`,
  EACCES: () => 'this user may not. Take a port from 1024 on',
  EADDRNOTAVAIL: (_port, host) =>
    `${host} is not an address of this machine. Take one of its own, 127.0.0.1 for this machine alone, or 0.0.0.0 for all`,
  ENOTFOUND: (_port, host) => unknownName(host),
  EAI_AGAIN: (_port, host) => unknownName(host),
};

function unknownName(host: string): string {
  return `the name ${host} could not be resolved. Take an address of this machine, such as 127.0.0.1`;
}
