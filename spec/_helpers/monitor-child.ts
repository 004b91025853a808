import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { MonitorProcessCommand } from './monitor-process.ts';

const program = fileURLToPath(new URL('monitor-process.js', import.meta.url));

/** A process with a MonitorServer, watched from outside. */
export interface MonitorChild {
  readonly url: string;
  readonly process: ChildProcess;
  send(command: MonitorProcessCommand): void;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts one; it is killed at the end of the test if it still runs. */
export async function startMonitorChild(t: ExecutionContext): Promise<MonitorChild> {
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  t.teardown(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
  });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    process: child,
    send: (command) => child.send(command),
    ended,
  };
}
