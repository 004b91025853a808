import { readFile, rm } from 'node:fs/promises';
import { freePorts } from './free-ports.ts';
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
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
  readonly deadlineMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** Rejects while the server does not serve yet. */
  readonly ask: () => Promise<unknown>;
}

/** Another process listens on the port that a server of ours was to have. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  /** An error with the log of a server that ended: of this class where its port was the reason. */
  static orOther(message: string, log: string, cause?: unknown): Error {
    const isTaken = /address already in use/i.test(log);
    return new (isTaken ? PortTakenError : Error)(`${message}\n${log}`, { cause });
  }
}

const MOST_STARTS = 3;

/**
 * Starts a server on free ports. Between the moment a port was found free and its use another
 * process may have taken it: then it is started again, on others.
 */
export async function startOnFreePorts<Server>(
  count: number,
  start: (ports: readonly number[]) => Promise<Server>,
): Promise<Server> {
  for (let starts = 1; ; starts++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (!(error instanceof PortTakenError) || starts === MOST_STARTS) throw error;
    }
  }
}

/**
 * Waits until a process of ours serves.
 *
 * @throws PortTakenError, or Error with its log, if it ends or the deadline passes before
 */
export async function waitUntilServing(own: OwnProcess, options: ServingOptions): Promise<StartedServer> {
  const { name, host = '127.0.0.1', port, folder, logFile, deadlineMs, stopSignal, ask } = options;
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
    throw PortTakenError.orOther(`${name} could not be started: ${String(error)}\nIts log:`, log, error);
  }
  return { host, port, pid: own.pid, folder, stop };
}
