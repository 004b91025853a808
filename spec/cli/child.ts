import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

/**
 * Longer than anything here takes on a busy machine: it only bounds how long a failing spec waits.
 */
const DEADLINE_MS = 60_000;

/** A program in a process of its own. */
export interface Child {
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Resolves as soon as its output has the pattern; rejects when it exits without, or after the
   * deadline.
   */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** The compiled file of a source path, such as `source/cli/bin`. */
export function compiled(path: string): string {
  return fileURLToPath(new URL(`../../${path}.js`, import.meta.url));
}

/**
 * Ours, without what the specs themselves are told by it: to `kasper` such variables are settings.
 */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KASPER_')));
}

/** Starts a compiled program; it is killed at the end of the test if it still runs. */
export function startChild(
  t: ExecutionContext,
  program: string,
  argv: readonly string[],
  given: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Child {
  const child = spawn(process.execPath, ['--enable-source-maps', compiled(program), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...given,
    env: { ...environment(), ...given.env },
  });
  const written = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      for (const watch of watchers) watch();
    });
  }
  let over = false;
  const exited: Child['exited'] = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      resolve({ code, signal });
      for (const watch of watchers) watch();
    });
  });
  t.teardown(async () => {
    if (!over) child.kill('SIGKILL');
    await exited;
  });

  return {
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    exited,
    kill: (signal) => {
      child.kill(signal);
    },
    until: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const fail = (why: string) => {
          end();
          reject(
            new Error(
              `${program} ${why}, ${stream} never had ${pattern.source}\n${written.stdout}${written.stderr}`,
            ),
          );
        };
        const deadline = setTimeout(() => {
          fail(`ran for ${DEADLINE_MS} ms`);
        }, DEADLINE_MS);
        const end = () => {
          clearTimeout(deadline);
          watchers.delete(watch);
        };
        const watch = () => {
          if (pattern.test(written[stream])) {
            end();
            resolve();
          } else if (over) fail('exited');
        };
        watchers.add(watch);
        watch();
      }),
  };
}

/** Runs a program to its end. */
export async function runChild(
  t: ExecutionContext,
  program: string,
  argv: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = startChild(t, program, argv);
  const { code } = await child.exited;
  return { code, stdout: child.stdout, stderr: child.stderr };
}
