import { repositoryRoot } from '../services/folders.ts';
import { run } from '../services/programs.ts';
import { findDeadLinks } from './markdown/dead-links.ts';
import { reportFaults } from './markdown/fault.ts';
import { findLongFrontPage } from './markdown/front-page.ts';
import { readPages, repositoryFiles } from './markdown/repository-pages.ts';
import { readManifest } from './packed-package.ts';

/**
 * Checks the links of all Markdown pages, in the repository and in the packed package, and the
 * length of the front page.
 */
async function main(tarball: string): Promise<void> {
  const files = await repositoryFiles(repositoryRoot);
  const pages = await readPages(repositoryRoot, files);
  const packed = await packedFiles(tarball);
  reportFaults([...findDeadLinks(pages, { files, packed }), ...findLongFrontPage(pages)]);
  if ((await readManifest()).repository === undefined) {
    console.log(
      'note: package.json has no repository yet: relative links on a registry page cannot resolve until there is one',
    );
  }
}

async function packedFiles(tarball: string): Promise<string[]> {
  const { stdout } = await run('tar', ['-tzf', tarball], { timeoutMs: 30_000 });
  return stdout
    .split('\n')
    .filter((file) => file !== '')
    .map((file) => file.replace(/^package\//, ''));
}

const [tarball] = process.argv.slice(2);
if (tarball === undefined) throw new Error('Usage: links.js TARBALL');
await main(tarball);
