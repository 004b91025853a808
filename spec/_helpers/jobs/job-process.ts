import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { until } from '../until.ts';

/** Longer than anything takes on a busy machine. */
const DEADLINE_MS = 90_000;

/** A line of JSON by which a job says what happens. */
export interface JobLine {
  readonly at: string;
}

/** A job in a process of its own. */
export interface JobProcess<Line extends JobLine> {
  /** What it has reported so far. */
  readonly lines: readonly Line[];
  /**
   * Resolves with the first line that says so; rejects when it ends without, or after a deadline.
   */
  untilLine<At extends Line['at']>(at: At, deadlineMs?: number): Promise<Extract<Line, { at: At }>>;
  /** Sends SIGKILL; resolves when the process is gone and all that it reported was read. */
  kill(): Promise<void>;
  /** Freezes it (SIGSTOP) until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Sends SIGTERM; resolves when it has closed. @throws Error if it failed */
  close(): Promise<void>;
  /** Resolves when it has come to its end. @throws Error if it failed, or was killed */
  done(): Promise<void>;
}

/**
 * Starts a job; it is killed at the end of the test if it still runs.
 *
 * @param program a file beside this one, without its extension; gets the options as JSON
 */
export function startJob<Line extends JobLine>(
  t: ExecutionContext,
  program: string,
  options: object,
): JobProcess<Line> {
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--expose-gc',
      fileURLToPath(new URL(`${program}.js`, import.meta.url)),
      JSON.stringify(options),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: Line[] = [];
  let complaints = '';
  let rest = '';
  let exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      exit = { code, signal };
      resolve();
    });
  });
  t.teardown(async () => {
    if (exit === undefined) child.kill('SIGKILL');
    await ended;
  });
  const failure = () => {
    const failed = lines.find((line) => line.at === 'failed');
    return `code ${String(exit?.code)}, signal ${String(exit?.signal)}\n${JSON.stringify(failed)}\n${complaints}`;
  };
  const done = async () => {
    await ended;
    if (exit?.code !== 0) throw new Error(`The job failed: ${failure()}`);
  };
  return {
    lines,
    untilLine: <At extends Line['at']>(at: At, deadlineMs = DEADLINE_MS) =>
      until(
        () => {
          const found = lines.find((line): line is Extract<Line, { at: At }> => line.at === at);
          if (found === undefined && exit !== undefined)
            throw new Error(`The job ended and was never '${at}': ${failure()}`);
          return found;
        },
        { deadlineMs, what: `the job to be '${at}'` },
      ),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    freeze: () => {
      child.kill('SIGSTOP');
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
    close: async () => {
      child.kill('SIGTERM');
      await done();
    },
    done,
  };
}
