import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Measurement } from './measure.ts';

/** A program that measures itself, and prints a {@link Measurement} as a line of JSON. */
export interface MeasuredProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** After this it is stopped, and has failed. Default: never. */
  readonly limitMs?: number;
}

/**
 * Runs a program in a process of its own.
 *
 * @throws Error with what it wrote to its standard error, if it fails or runs for too long
 */
export function runMeasured({ program, args, env, limitMs }: MeasuredProgram): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    let printed = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    child.stderr.on('data', (data: Buffer) => (complaint = (complaint + data.toString()).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const lines = printed.trimEnd().split('\n');
      const result = lines.findLast((line) => line.startsWith('{'));
      // What Node.js itself prints, asked for by its options.
      const others = lines.filter((line) => line !== result && line !== '');
      if (others.length > 0) process.stderr.write(`${others.join('\n')}\n`);
      if (code === 0 && result !== undefined) resolve(JSON.parse(result) as Measurement);
      else reject(new Error(`${describe(program, args)} ended with ${String(code ?? signal)}\n${complaint}`));
    });
  });
}

/** Runs a program of this folder in a process of its own. */
export function runContender(
  file: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Measurement> {
  return runMeasured({ program: process.execPath, args: [join(import.meta.dirname, file), ...args], env });
}

function describe(program: string, args: readonly string[]): string {
  return [program, ...args].find((word) => word.endsWith('.js')) ?? program;
}
