import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { resolveLink } from './markdown/dead-links.ts';
import type { Page } from './markdown/page.ts';
import { readPages, repositoryFiles } from './markdown/repository-pages.ts';
import { readManifest } from './packed-package.ts';
import { buildSite } from './site/build-site.ts';
import { findDeadSiteLinks } from './site/dead-site-links.ts';
import { writeLinkedFiles } from './site/linked-files.ts';

/** Makes the site of the pages and of the API reference in `docs`, and checks its links. */
async function main(): Promise<void> {
  // Typedoc wants all documents below one folder.
  const folder = await mkdtemp(join(repositoryRoot, 'dist', 'linked-files-'));
  try {
    const root = repositoryRoot;
    const files = await repositoryFiles(root);
    const pages = inReadingOrder(await readPages(root, files));
    const linked = await writeLinkedFiles(pages, files, { root, folder });
    const out = join(root, 'docs');
    await buildSite({ root, pages, linked, entryPoints: await entryPointsByModule() }, out);
    const dead = await findDeadSiteLinks(out);
    if (dead.length > 0) throw new Error(`Dead links in docs:\n${dead.join('\n')}`);
    console.log(`docs/index.html has ${pages.length} pages`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The front page, then each page after the one that links to it first. */
function inReadingOrder(pages: readonly Page[]): Page[] {
  const ordered = new Set<Page>();
  const add = (page: Page) => {
    if (ordered.has(page)) return;
    ordered.add(page);
    const next = page.links.map(({ target }) => resolveLink(page.path, target)?.path);
    for (const path of next) {
      const linked = pages.find((other) => other.path === path);
      if (linked !== undefined) add(linked);
    }
  };
  const home = pages.find(({ path }) => path === 'README.md');
  if (home !== undefined) add(home);
  for (const page of pages) add(page);
  return [...ordered];
}

/** The names that users import, by the folder of their source: typedoc names a module so. */
async function entryPointsByModule(): Promise<Map<string, string>> {
  const { name, exports } = await readManifest();
  return new Map(
    Object.entries(exports).flatMap(([path, target]) => {
      const file = (target as { readonly types?: string }).types;
      const module = /^\.\/dist\/(.*)\/index\.d\.ts$/.exec(file ?? '')?.[1];
      return module === undefined ? [] : [[module, name + path.slice(1)] as const];
    }),
  );
}

await main();
