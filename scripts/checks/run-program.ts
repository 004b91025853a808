import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** A program that is to print a text. */
export interface ExpectingRun {
  readonly program: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly expected: string;
  readonly timeoutMs: number;
}

/** How long a program that has printed what was expected may go on before it is told to end. */
const goOnMs = 5_000;
/** How long it may take to end then. */
const endTimeoutMs = 15_000;
const strict = join(import.meta.dirname, '../../spec/_helpers/strict.js');

/** Of node, for programs that must not warn: warnings and unhandled rejections are failures. */
export const strictArguments = ['--enable-source-maps', '--import', strict] as const;

/**
 * Runs a program of node until its standard output holds a text. One that does not end by itself
 * then is sent SIGTERM. Warnings and unhandled rejections are failures.
 *
 * @throws Error with its output, if the text does not come in time, or the program fails or does
 *   not end
 */
export async function runExpecting({
  program,
  args = [],
  cwd,
  env = process.env,
  expected,
  timeoutMs,
}: ExpectingRun): Promise<void> {
  const child = spawn(process.execPath, [...strictArguments, program, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let seen: () => void;
  const text = new Promise<'seen'>((resolve) => {
    seen = () => {
      resolve('seen');
    };
  });
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    if (stdout.includes(expected)) seen();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const end = new Promise<'ended'>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      resolve('ended');
    });
  });
  const fail = (why: string) => new Error(`${program} ${why}\nstdout:\n${stdout}\nstderr:\n${stderr}`);
  try {
    const first = await Promise.race([text, end, after(timeoutMs)]);
    if (!stdout.includes(expected)) {
      throw fail(`${first === 'ended' ? 'ended' : `ran ${timeoutMs} ms`} without printing: ${expected}`);
    }
    if ((await Promise.race([end, after(goOnMs)])) === 'late') {
      child.kill('SIGTERM');
      if ((await Promise.race([end, after(endTimeoutMs)])) === 'late') throw fail('does not end on SIGTERM');
    } else if (child.exitCode !== 0) {
      throw fail(`ended with code ${child.exitCode}, signal ${child.signalCode}`);
    }
  } finally {
    child.kill('SIGKILL');
  }
}

function after(ms: number): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve('late');
    }, ms).unref();
  });
}
