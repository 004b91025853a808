import { spawn } from 'node:child_process';
import type { Measurement } from './measure.ts';

/** Runs a program of this folder in a process of its own, which prints what it measured. */
export function runContender(
  file: string,
  env: Record<string, string>,
  args: readonly string[],
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let printed = '';
    child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(printed) as Measurement);
      else reject(new Error(`${file} ended with ${String(code)}`));
    });
  });
}

export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
