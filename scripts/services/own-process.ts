import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { findProgram } from './programs.ts';

/**
 * How long a server lives: as long as the thread that started it, or until it is stopped by its
 * process id.
 */
export type Lifetime = 'with-starter' | 'detached';

export interface OwnProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Gets stdout and stderr; appended to. */
  readonly logFile: string;
  readonly lifetime: Lifetime;
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs as this user and group (names); needs root. */
  readonly as?: { readonly user: string; readonly group: string };
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server process that this program started, and may therefore signal. */
export interface OwnProcess {
  readonly pid: number;
  /** Undefined while it runs. */
  readonly ended: ProcessEnd | undefined;
  /** Resolves when the process has ended. Never rejects. */
  readonly end: Promise<ProcessEnd>;
  /** Sends a signal, unless the process has ended already. */
  signal(signal: NodeJS.Signals): void;
}

const setpriv = findProgram('setpriv');

/**
 * Processes to end when this one exits in the ordinary way; a killed starter is covered by the
 * kernel (setpriv below).
 */
const living = new Set<OwnProcess>();

/**
 * Starts a server. It gets no standard input, and its output goes to a file, so that it never meets
 * a broken pipe.
 */
export function startOwnProcess(options: OwnProcessOptions): Promise<OwnProcess> {
  const log = openSync(options.logFile, 'a');
  const [command, ...args] = commandLine(options);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: options.lifetime === 'detached',
  });
  closeSync(log);
  const end = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new Error(`${options.command} could not be started`, { cause }));
    });
    child.once('spawn', () => {
      const own: OwnProcess = {
        pid: child.pid ?? 0,
        get ended() {
          if (child.exitCode === null && child.signalCode === null) return undefined;
          return { code: child.exitCode, signal: child.signalCode };
        },
        end,
        signal: (signal) => {
          child.kill(signal);
        },
      };
      if (options.lifetime === 'detached') child.unref();
      else endWithStarter(own);
      resolve(own);
    });
  });
}

/**
 * Tells two processes apart that had the same id one after the other; undefined where none has it.
 */
export function processStamp(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    const file = `/proc/${pid}/stat`;
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    // The second field, the name in parentheses, may hold blanks; the start time is the 20th after
    // it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function endWithStarter(own: OwnProcess): void {
  if (living.size === 0) process.on('exit', endLiving);
  living.add(own);
  void own.end.then(() => {
    living.delete(own);
    if (living.size === 0) process.off('exit', endLiving);
  });
}

function endLiving(): void {
  for (const own of living) own.signal('SIGKILL');
}

/**
 * Through setpriv the kernel ends the server when the thread that started it ends, however that
 * came about. See PR_SET_PDEATHSIG in https://man7.org/linux/man-pages/man2/prctl.2.html
 */
function commandLine({ command, args, lifetime, as }: OwnProcessOptions): [string, ...string[]] {
  const dieWithStarter =
    lifetime === 'with-starter' && process.platform === 'linux' ? ['--pdeathsig', 'KILL'] : [];
  const asUser = as === undefined ? [] : [`--reuid=${as.user}`, `--regid=${as.group}`, '--clear-groups'];
  if (setpriv === undefined || dieWithStarter.length + asUser.length === 0) return [command, ...args];
  return [setpriv, ...dieWithStarter, ...asUser, command, ...args];
}
