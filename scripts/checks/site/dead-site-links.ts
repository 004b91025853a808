import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** All links and sources in the HTML pages of a site that lead nowhere in it: a line each, `page: link`. */
export async function findDeadSiteLinks(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, SiteFile>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    files.set(name, /\.(html|svg)$/.test(name) ? readAttributes(await readFile(path, 'utf8')) : noAttributes);
  }
  const dead: string[] = [];
  for (const [page, { links }] of files) {
    for (const link of new Set(links)) if (isDead(page, link, files)) dead.push(`${page}: ${link}`);
  }
  return dead;
}

interface SiteFile {
  readonly links: readonly string[];
  readonly ids: ReadonlySet<string>;
}

const noAttributes: SiteFile = { links: [], ids: new Set() };

function readAttributes(html: string): SiteFile {
  const links: string[] = [];
  const ids = new Set<string>();
  // Only in tags: what a page shows as code has its quotes escaped.
  for (const [, name, value = ''] of html.matchAll(/\s(href|src|id|name)="([^"]*)"/g)) {
    const text = value.replaceAll('&amp;', '&').replaceAll('&quot;', '"');
    if (name === 'id' || name === 'name') ids.add(text);
    else links.push(text);
  }
  return { links, ids };
}

function isDead(page: string, link: string, files: ReadonlyMap<string, SiteFile>): boolean {
  // The last one is what buttons have that are links.
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(link) || link === '#') return false;
  const [path = '', anchor = ''] = link.split('#', 2).map(decodeURIComponent);
  const joined = path === '' ? page : posix.join(posix.dirname(page), path.replace(/\?.*$/, ''));
  const target = files.get(joined) ?? files.get(posix.join(joined, 'index.html'));
  return target === undefined || (anchor !== '' && !target.ids.has(anchor));
}
