import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../services/programs.ts';
import { parsePage, type Page } from './page.ts';

/** The files of the repository in `root`, relative to it: what Git tracks, and what is new and not ignored. */
export async function repositoryFiles(root: string): Promise<string[]> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    timeoutMs: 30_000,
    cwd: root,
  });
  const deleted = await run('git', ['ls-files', '-z', '--deleted'], { timeoutMs: 30_000, cwd: root });
  const gone = new Set(deleted.stdout.split('\0'));
  return listed.stdout.split('\0').filter((file) => file !== '' && !gone.has(file));
}

/** All Markdown pages among these files. */
export async function readPages(root: string, files: readonly string[]): Promise<Page[]> {
  const paths = files.filter((file) => file.endsWith('.md'));
  return Promise.all(paths.map(async (path) => parsePage(path, await readFile(join(root, path), 'utf8'))));
}
