import { posix } from 'node:path';

/** Makes the Markdown between two markers of a page; the path of the page counts from the root. */
export type TableGenerator = (page: string) => string;

/** The generators by the name in their markers. */
export type TableGenerators = Readonly<Record<string, TableGenerator>>;

const END = '<!-- /table -->';

/**
 * Fills all pages: replaces what is between `<!-- table:NAME -->` and `<!-- /table -->` by what the
 * generator NAME makes.
 *
 * @param pages the text of each page by its path
 * @returns the new text of each page
 * @throws Error for a name without a generator, a marker without its end, a name that is used
 * twice, and a generator that no page uses
 */
export function fillPages(
  pages: ReadonlyMap<string, string>,
  generators: TableGenerators,
): Map<string, string> {
  const pageOf = new Map<string, string>();
  const filled = new Map<string, string>();
  for (const [page, markdown] of pages) {
    const { text, names } = fillTables(page, markdown, generators);
    for (const name of names) {
      const other = pageOf.get(name);
      if (other !== undefined)
        throw new Error(`${markerOf(name)} is used twice: in ${other}, and again in ${page}`);
      pageOf.set(name, page);
    }
    filled.set(page, text);
  }
  const unused = Object.keys(generators).filter((name) => !pageOf.has(name));
  if (unused.length > 0) throw new Error(`No page has ${unused.map(markerOf).join(', ')}`);
  return filled;
}

function fillTables(
  page: string,
  markdown: string,
  generators: TableGenerators,
): { readonly text: string; readonly names: readonly string[] } {
  const names: string[] = [];
  const begin = /<!-- table:(\S+) -->/g;
  let text = '';
  let copied = 0;
  for (let match = begin.exec(markdown); match !== null; match = begin.exec(markdown)) {
    const [marker, name = ''] = match;
    const generator = Object.hasOwn(generators, name) ? generators[name] : undefined;
    if (generator === undefined) {
      const known = Object.keys(generators).join(', ');
      throw new Error(`${page}: no generator for ${marker}; there are: ${known}`);
    }
    const start = begin.lastIndex;
    const endAt = markdown.indexOf(END, start);
    if (endAt < 0 || markdown.slice(start, endAt).includes('<!-- table:'))
      throw new Error(`${page}: ${marker} has no ${END}`);
    text += `${markdown.slice(copied, start)}\n\n${generator(page).trim()}\n\n`;
    copied = endAt;
    begin.lastIndex = endAt;
    names.push(name);
  }
  return { text: text + markdown.slice(copied), names };
}

function markerOf(name: string): string {
  return `<!-- table:${name} -->`;
}

/** A Markdown table. Pipes in cells are escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * The text for a page, with the targets of its links, which count from the root, as seen from
 * there.
 */
export function linksFrom(page: string, markdown: string): string {
  return markdown.replaceAll(/\]\(([^)\s]+)\)/g, (link, target: string) => {
    if (/^[a-z]+:/.test(target)) return link;
    const [path = '', anchor] = target.split('#');
    const shown = path === page ? '' : posix.relative(posix.dirname(page), path);
    return `](${shown}${anchor === undefined ? '' : `#${anchor}`})`;
  });
}
