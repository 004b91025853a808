import { resolveLink } from '../markdown/dead-links.ts';
import type { Page } from '../markdown/page.ts';

/** A page of the site. */
export interface SitePage {
  /** Of its Markdown, relative to the top of the repository. */
  readonly path: string;
  /** In the navigation. */
  readonly name: string;
}

/**
 * The pages in the order of the navigation, without the front page: it closes with a table of links, which gives their order and their
 * names. Pages that it does not link to come last, by their titles.
 */
export function sitePages(pages: readonly Page[]): SitePage[] {
  const names = new Map<string, string>();
  const frontPage = pages.find(({ path }) => path === 'README.md');
  for (const { target, text } of frontPage?.links ?? []) {
    const link = resolveLink('README.md', target);
    // What leads to a section does not name the page.
    if (link === undefined || link.anchor !== undefined || text === undefined) continue;
    // The last link counts, also for the order: that is the one of the table.
    names.delete(link.path);
    names.set(link.path, text);
  }
  const others = pages.filter((page) => page !== frontPage);
  const linked = [...names].filter(([path]) => others.some((page) => page.path === path));
  return [
    // A row of the table may have a name in its middle, with a small letter.
    ...linked.map(([path, name]) => ({ path, name: name.charAt(0).toUpperCase() + name.slice(1) })),
    ...others.filter(({ path }) => !names.has(path)).map(({ path, title }) => ({ path, name: title })),
  ];
}
