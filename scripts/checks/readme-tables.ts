import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { fillTables } from './markdown-tables.ts';
import { tableGenerators } from './table-generators.ts';

/** Checks that the generated tables of README.md are up to date; `--write` brings them up to date. */
async function main(args: readonly string[]): Promise<void> {
  const file = join(repositoryRoot, 'README.md');
  const present = await readFile(file, 'utf8');
  const wanted = fillTables(present, tableGenerators);
  if (args.includes('--write')) await writeFile(file, wanted);
  else if (wanted !== present) {
    throw new Error('Tables of README.md are out of date: run npm run readme');
  }
}

await main(process.argv.slice(2));
