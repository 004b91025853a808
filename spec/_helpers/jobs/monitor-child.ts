import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { MonitorProcessCommand } from './monitor-process.ts';

/** A process with a MonitorServer, watched from outside. */
export interface MonitorChild {
  readonly url: string;
  readonly process: ChildProcess;
  send(command: MonitorProcessCommand): void;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts one; it is killed at the end of the test if it still runs.
 *
 * @param program beside this module; it sends its url first
 * @param options that it gets as JSON in its first argument
 */
export async function startMonitorChild(
  t: ExecutionContext,
  program = 'monitor-process.js',
  options: unknown = {},
): Promise<MonitorChild> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
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
