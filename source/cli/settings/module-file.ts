import { pathToFileURL } from 'node:url';
import { ConfigError, TimeoutError } from '../../index.ts';
import { systemClock, type Clock, type Timer } from '../../kernel/clock.ts';
import { isObject } from '../../kernel/is-object.ts';
import { stackOf, textOf } from '../../kernel/thrown-text.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { unlessIdle } from '../terminal/unless-idle.ts';

/** A file that imports for this long is worth a line. */
const WARN_AFTER_MS = 5_000;
/** What takes longer belongs in `init()`, which has no limit. */
const IMPORT_WITHIN_MS = 60_000;

type Module = Readonly<Record<string, unknown>>;

/** What an import needs to know of the surroundings. */
export interface ImportPlace extends Pick<Io, 'onIdle' | 'stderr'> {
  readonly clock?: Clock;
  /** Says what is wrong where the file throws. Default: what it threw, with the stack. */
  readonly whyNot?: (thrown: unknown) => string;
}

/**
 * Imports a file, whose top level may await something that never comes.
 *
 * @param file as it was named
 * @throws ConfigError if it throws, or if nothing is left that it could wait for; TimeoutError
 *   after a minute
 */
export async function importFile(
  file: string,
  path: string,
  { onIdle, stderr, clock = systemClock, whyNot = thrownAtImport }: ImportPlace,
): Promise<Module> {
  const imported = (import(pathToFileURL(path).href) as Promise<Module>).catch((thrown: unknown) => {
    throw fileError(file, whyNot(thrown), thrown);
  });
  const timers: Timer[] = [];
  const tooLate = new Promise<never>((_resolve, reject) => {
    timers.push(
      clock.after(WARN_AFTER_MS, () => {
        writeText(
          stderr,
          `warning: ${file}: an \`await\` at its top level is not over after ${WARN_AFTER_MS / 1000} s; ` +
            `kasper waits for ${IMPORT_WITHIN_MS / 1000} s\n`,
        );
      }),
      clock.after(IMPORT_WITHIN_MS, () => {
        reject(
          new TimeoutError(
            `${file} was not imported within ${IMPORT_WITHIN_MS / 1000} s: an \`await\` at its top level is not over. ` +
              'Find out what it waits for; what takes long belongs in init() of the processor',
          ),
        );
      }),
    );
  });
  // The import alone may keep the process from being idle.
  for (const timer of timers) timer.unref?.();
  try {
    return await unlessIdle(
      () => Promise.race([imported, tooLate]),
      { onIdle },
      () =>
        fileError(
          file,
          'its import cannot end: an `await` at its top level waits for a promise that nothing will settle',
        ),
    );
  } finally {
    for (const timer of timers) timer.cancel();
  }
}

/** What a file threw, with the lines that lead to it. */
export function thrownAtImport(thrown: unknown): string {
  return thrown instanceof Error
    ? `it threw when it was imported:\n${framesOf(thrown).replaceAll(/^/gm, '  ')}`
    : `it threw ${textOf(thrown)} when it was imported`;
}

/** The stack within the files of the user. */
function framesOf(error: Error): string {
  const lines = stackOf(error).split('\n');
  const end = lines.findIndex((line) => /^\s+at (?:async )?(?:unlessIdle|importFile) \(/.test(line));
  return lines
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => !/^\s+at (?:.*[( ])?node:internal\//.test(line))
    .join('\n');
}

/**
 * The default export of a module; of a CommonJS file compiled from an ES module, the one within.
 */
export function defaultExport(module: Readonly<Record<string, unknown>>): unknown {
  const exported = module['default'];
  return isObject(exported) && exported['__esModule'] === true ? exported['default'] : exported;
}

/** What is wrong with a file, as it was named. */
export function fileError(file: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError([problem], cause === undefined ? { what: file } : { what: file, cause });
}
