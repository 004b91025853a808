import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../../services/folders.ts';

/** How a program of `scripts/bench/programs` is started. */
export function nodeProgram(file: string): { readonly program: string; readonly args: readonly string[] } {
  return { program: process.execPath, args: [join(import.meta.dirname, '../programs', file)] };
}

/** The version of a package in a folder, such as one of node_modules. */
export async function packageVersion(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}

/** The version of a package that this project depends on. */
export function dependencyVersion(name: string): Promise<string> {
  return packageVersion(join(repositoryRoot, 'node_modules', name));
}
