import { repositoryRoot } from '../services/folders.ts';
import { reportFaults } from './markdown/fault.ts';
import { readPages, repositoryFiles } from './markdown/repository-pages.ts';
import { checkSnippets } from './snippets/check-snippets.ts';

/**
 * Checks that the programs in the Markdown pages compile and run: `snippets.js TARBALL [PAGE...]`,
 * all pages by default.
 */
async function main(tarball: string, paths: readonly string[]): Promise<void> {
  const files = paths.length === 0 ? await repositoryFiles(repositoryRoot) : paths;
  const { compiled, ran, faults } = await checkSnippets(tarball, await readPages(repositoryRoot, files));
  reportFaults(faults);
  if (faults.length === 0) console.log(`${compiled} snippets compile, and ${ran} of them ran`);
}

const [tarball, ...paths] = process.argv.slice(2);
if (tarball === undefined) throw new Error('Usage: snippets.js TARBALL [PAGE...]');
await main(tarball, paths);
