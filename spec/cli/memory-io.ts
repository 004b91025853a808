import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Io, Output } from '../../source/cli/terminal/io.ts';
import { main } from '../../source/cli/main.ts';

/** What the command line did. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `kasper` within this process, with output kept in memory.
 *
 * @param given.columns on a terminal of this width; default: not on one
 */
export async function kasper(
  argv: readonly string[],
  given: { readonly env?: Io['env']; readonly cwd?: string; readonly columns?: number } = {},
): Promise<Outcome> {
  const { columns } = given;
  const stdout = memoryOutput(columns !== undefined, columns);
  const stderr = memoryOutput(columns !== undefined, columns);
  const exitCode = await main(argv, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: given.env ?? {},
    cwd: given.cwd ?? process.cwd(),
    onSignal: () => () => undefined,
    onIdle: () => () => undefined,
    exit(code) {
      throw new Error(`exit(${code}) was called without a signal`);
    },
  });
  // winston's streams hand lines on in later turns of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** What an import of a file needs of the surroundings. */
export function importPlace(): Pick<Io, 'onIdle' | 'stderr'> {
  return { onIdle: () => () => undefined, stderr: memoryOutput().stream };
}

/** A stream that keeps what is written; as a terminal if asked. */
export function memoryOutput(
  terminal = false,
  columns = 100,
): { stream: Output; text: () => string; plain: () => string } {
  let written = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(stream, terminal ? { isTTY: true, columns } : {}),
    text: () => written,
    plain: () => stripVTControlCharacters(written),
  };
}

/** Times and rates differ from run to run. */
export function withoutTimes(text: string): string {
  return text
    .replaceAll(/\d+(\.\d+)? s \([\d,]+\/s\)/g, 'T s (R/s)')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}

/** Text without the log lines of a run's start and end, which have a spec of their own. */
export function withoutRunLines(text: string): string {
  return text.replaceAll(/^\S+ (?:info|error) +Run (?:starts|ended|stopped|failed) .*\n/gm, '');
}
