import { existsSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { isObject } from '../../kernel/is-object.ts';
import { messageOf } from '../../kernel/thrown-text.ts';
import { parseJsonWithComments } from './config-json.ts';
import { defaultExport, fileError, importFile, type ImportPlace } from './module-file.ts';
import type { Io } from '../terminal/io.ts';
import { readTextFile } from './text-file.ts';

/** Looked for in the working folder. */
export const configFileNames = ['kasper.config.js', 'kasper.config.json'] as const;

/** A configuration file as it was read, unchecked. */
export interface ConfigFile {
  /** As it was named. */
  readonly name: string;
  /** The folder that paths in it start from. */
  readonly folder: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads the configuration file: the one that was named, or else the one in the working folder, if
 * there is one.
 *
 * @throws ConfigError if it cannot be read, or there are two; TimeoutError if its import does not
 *   end
 */
export async function readConfigFile(
  named: string | undefined,
  io: Pick<Io, 'cwd'> & ImportPlace,
): Promise<ConfigFile | undefined> {
  const { cwd } = io;
  const name = named ?? findFile(cwd);
  if (name === undefined) return undefined;
  const path = resolve(cwd, name);
  if (!existsSync(path)) throw fileError(name, `there is no such file (looked for ${path})`);
  const values = extname(path) === '.json' ? readJson(name, path) : await importConfig(name, path, io);
  if (!isObject(values) || Array.isArray(values))
    throw fileError(name, 'it must hold an object { setting: value }; `kasper config sample` prints one');
  return { name, folder: dirname(path), values };
}

function findFile(cwd: string): string | undefined {
  const found = configFileNames.filter((name) => existsSync(resolve(cwd, name)));
  if (found.length > 1)
    throw fileError(found.join(' and '), 'both exist; keep one of them, or name one with --config');
  return found[0];
}

function readJson(name: string, path: string): unknown {
  try {
    return parseJsonWithComments(readTextFile(path));
  } catch (error) {
    const why = messageOf(error);
    throw fileError(name, error instanceof SyntaxError ? `this is not JSON: ${why}` : why, error);
  }
}

async function importConfig(name: string, path: string, place: ImportPlace): Promise<unknown> {
  const exported = defaultExport(await importFile(name, path, place));
  if (exported === undefined)
    throw fileError(name, 'there is no default export; write `export default { … }`');
  return exported;
}
