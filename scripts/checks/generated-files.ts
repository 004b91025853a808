import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { optionRows } from '../../source/config/option-table.ts';
import { run } from '../services/programs.ts';
import { fillPages } from './markdown-tables.ts';
import { scalarOptionsSource } from './scalar-options-source.ts';
import { tableGenerators } from './table-generators.ts';

/** A checked-in file, as it is and as the generators make it. */
export interface GeneratedFile {
  /** Counted from the root of the repository. */
  readonly path: string;
  /** undefined where there is no such file yet. */
  readonly present: string | undefined;
  readonly wanted: string;
}

const SCALAR_OPTIONS = 'source/config/scalar-options.ts';

/** All files of the repository with generated text in them. */
export async function generatedFiles(root: string): Promise<GeneratedFile[]> {
  const pages = new Map<string, string>();
  for (const page of await trackedPages(root)) pages.set(page, await readFile(join(root, page), 'utf8'));
  const filled = fillPages(pages, tableGenerators);
  return [
    {
      path: SCALAR_OPTIONS,
      present: await readFile(join(root, SCALAR_OPTIONS), 'utf8').catch(missing),
      wanted: await formatted(join(root, SCALAR_OPTIONS), scalarOptionsSource(optionRows)),
    },
    ...[...pages].map(([path, present]) => ({ path, present, wanted: filled.get(path) ?? present })),
  ];
}

/** Writes those files that are out of date, and returns their paths. */
export async function bringUpToDate(root: string, files: readonly GeneratedFile[]): Promise<string[]> {
  const stale = files.filter(isStale);
  for (const { path, wanted } of stale) await writeFile(join(root, path), wanted);
  return stale.map(({ path }) => path);
}

/** @throws Error that names each file that is out of date */
export function checkUpToDate(files: readonly GeneratedFile[]): void {
  const stale = files.filter(isStale).map(({ path }) => path);
  if (stale.length > 0) throw new Error(`Out of date: ${stale.join(', ')}. Run npm run generate`);
}

function isStale({ present, wanted }: GeneratedFile): boolean {
  return present !== wanted;
}

async function trackedPages(root: string): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '-z', '*.md'], { cwd: root, timeoutMs: 10_000 });
  return stdout.split('\0').filter((path) => path !== '');
}

/** As the check of the format wants it. */
async function formatted(file: string, source: string): Promise<string> {
  return format(source, { ...(await resolveConfig(file)), filepath: file });
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
