import { posix } from 'node:path';
import type { Fault } from './fault.ts';
import type { Page, PageLink } from './page.ts';

/** What relative links may lead to. */
export interface LinkTargets {
  /** Files of the repository, relative to its top. */
  readonly files: readonly string[];
  /** Those of them that are in the packed package. */
  readonly packed: readonly string[];
}

/** Where a relative link leads. */
export interface ResolvedLink {
  /** A file or a folder, relative to the top of the repository. */
  readonly path: string;
  readonly anchor?: string;
}

/**
 * All relative links of these pages that lead nowhere: to no file or folder of the repository, to an anchor that their page lacks, or,
 * from a page that is packed, to what is not packed with it.
 */
export function findDeadLinks(pages: readonly Page[], { files, packed }: LinkTargets): Fault[] {
  const known = withFolders(files);
  const installed = withFolders(packed);
  const anchors = new Map(pages.map((page) => [page.path, page.anchors]));
  const whyDead = (page: Page, link: PageLink): string | undefined => {
    if (link.target.startsWith('/'))
      return 'starts with a slash: only links relative to the page work everywhere';
    const target = resolveLink(page.path, link.target);
    if (target === undefined) return undefined;
    const { path, anchor } = target;
    if (!known.has(path)) return 'is no file of the repository';
    if (anchor !== undefined) {
      const there = anchors.get(path);
      if (there === undefined) return 'has an anchor, and is no page';
      if (!there.has(anchor)) return `leads to no heading of ${path}`;
    }
    if (installed.has(page.path) && !installed.has(path)) {
      return `is not in the package, and the page is: see "files" in package.json`;
    }
    return undefined;
  };
  return pages.flatMap((page) =>
    page.links.flatMap((link) => {
      const why = whyDead(page, link);
      return why === undefined
        ? []
        : [{ path: page.path, line: link.line, message: `${link.target} ${why}` }];
    }),
  );
}

/** Undefined for an address, such as https:. */
export function resolveLink(from: string, target: string): ResolvedLink | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return undefined;
  const [file = '', anchor] = target.split('#', 2);
  const path =
    file === '' ? from : posix.join(posix.dirname(from), file.replace(/\?.*$/, '')).replace(/\/$/, '');
  return anchor === undefined ? { path } : { path, anchor };
}

/** The files, and all folders that they are in. */
function withFolders(files: readonly string[]): Set<string> {
  const all = new Set(['.']);
  for (const file of files) {
    for (let path = file; !all.has(path); path = posix.dirname(path)) all.add(path);
  }
  return all;
}
