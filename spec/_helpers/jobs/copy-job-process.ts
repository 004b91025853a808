import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { CopyJobLine, CopyJobOptions } from './copy-job.ts';
import { until } from '../until.ts';

const program = fileURLToPath(new URL('copy-job.js', import.meta.url));

/** Longer than anything takes on a busy machine. */
const DEADLINE_MS = 90_000;

/** A copy job in a process of its own. */
export interface CopyJob {
  /** What it has reported so far. */
  readonly lines: readonly CopyJobLine[];
  /**
   * Resolves with the first line that says so; rejects when it ends without, or after a deadline.
   */
  untilLine<At extends CopyJobLine['at']>(
    at: At,
    deadlineMs?: number,
  ): Promise<Extract<CopyJobLine, { at: At }>>;
  /** Sends SIGKILL; resolves when the process is gone and all that it reported was read. */
  kill(): Promise<void>;
  /** Sends SIGTERM; resolves when it has closed. @throws Error if it failed */
  close(): Promise<void>;
  /** Resolves when it has come to its end. @throws Error if it failed, or was killed */
  done(): Promise<void>;
}

/** Starts a copy job; it is killed at the end of the test if it still runs. */
export function startCopyJob(t: ExecutionContext, options: CopyJobOptions): CopyJob {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--expose-gc', program, JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: CopyJobLine[] = [];
  let complaints = '';
  let rest = '';
  let exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as CopyJobLine);
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
    return `code ${String(exit?.code)}, signal ${String(exit?.signal)}\n${failed?.error ?? ''}\n${complaints}`;
  };
  const done = async () => {
    await ended;
    if (exit?.code !== 0) throw new Error(`The copy job failed: ${failure()}`);
  };
  return {
    lines,
    untilLine: <At extends CopyJobLine['at']>(at: At, deadlineMs = DEADLINE_MS) =>
      until(
        () => {
          const found = lines.find((line): line is Extract<CopyJobLine, { at: At }> => line.at === at);
          if (found === undefined && exit !== undefined)
            throw new Error(`The copy job ended and was never '${at}': ${failure()}`);
          return found;
        },
        { deadlineMs, what: `the copy job to be '${at}'` },
      ),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    close: async () => {
      child.kill('SIGTERM');
      await done();
    },
    done,
  };
}
