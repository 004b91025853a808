import { readFile, rm } from 'node:fs/promises';
import type { Lifetime, OwnProcess } from './own-process.ts';
import { until } from './until.ts';

export interface StartOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default 'with-starter'. */
  readonly lifetime?: Lifetime;
  /** Default: a fresh temporary one, removed by `stop`. */
  readonly folder?: string;
}

/** A server of one process that we started. */
export interface StartedServer {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
  /** Ends it and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

export interface ServingOptions {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
  readonly deadlineMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** Rejects while the server does not serve yet. */
  readonly ask: () => Promise<unknown>;
}

/**
 * Waits until a process of ours serves.
 *
 * @throws Error with its log, if it ends or the deadline passes before
 */
export async function waitUntilServing(own: OwnProcess, options: ServingOptions): Promise<StartedServer> {
  const { name, port, folder, logFile, deadlineMs, stopSignal, ask } = options;
  const stop = async () => {
    own.signal(stopSignal);
    await own.end;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => own.ended ?? [await ask()], {
      deadlineMs,
      everyMs: 50,
      retryErrors: true,
      what: `${name} on port ${port}`,
    });
    if (own.ended !== undefined) throw new Error(`${name} ended at its start (code ${own.ended.code})`);
  } catch (error) {
    const log = await readFile(logFile, 'utf8');
    await stop();
    throw new Error(`${name} could not be started: ${String(error)}\nIts log:\n${log}`, { cause: error });
  }
  return { host: '127.0.0.1', port, pid: own.pid, folder, stop };
}
