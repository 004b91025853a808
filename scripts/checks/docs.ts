import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { readPages, repositoryFiles } from './markdown/repository-pages.ts';
import { readManifest } from './packed-package.ts';
import { buildSite } from './site/build-site.ts';
import { findDeadSiteLinks } from './site/dead-site-links.ts';
import { writeLinkedFiles } from './site/linked-files.ts';
import { sitePages } from './site/site-pages.ts';

/** Makes the site of the pages and of the API reference in `docs`, and checks its links. */
async function main(): Promise<void> {
  // Typedoc wants all documents below one folder.
  const folder = await mkdtemp(join(repositoryRoot, 'dist', 'linked-files-'));
  try {
    const root = repositoryRoot;
    const files = await repositoryFiles(root);
    const pages = await readPages(root, files);
    const linked = await writeLinkedFiles(pages, files, { root, folder });
    const out = join(root, 'docs');
    await buildSite({ root, pages: sitePages(pages), linked, entryPoints: await entryPointsByModule() }, out);
    const dead = await findDeadSiteLinks(out);
    if (dead.length > 0) throw new Error(`Dead links in docs:\n${dead.join('\n')}`);
    console.log(`docs/index.html has ${pages.length} pages`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
