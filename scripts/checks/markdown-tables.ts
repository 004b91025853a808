/** Makes the Markdown that stands between two marks. */
export type TableGenerator = () => string;

/**
 * Replaces what stands between `<!-- table:NAME -->` and `<!-- /table -->` by what the generator NAME makes.
 *
 * @throws Error for a name without a generator, or a mark without its end
 */
export function fillTables(markdown: string, generators: Readonly<Record<string, TableGenerator>>): string {
  const begin = /<!-- table:(\S+) -->/g;
  const end = '<!-- /table -->';
  let result = '';
  let copied = 0;
  for (let match = begin.exec(markdown); match !== null; match = begin.exec(markdown)) {
    const [mark, name = ''] = match;
    const generator = Object.hasOwn(generators, name) ? generators[name] : undefined;
    if (generator === undefined) {
      throw new Error(`No generator for ${mark}; there are: ${Object.keys(generators).join(', ')}`);
    }
    const endAt = markdown.indexOf(end, begin.lastIndex);
    if (endAt < 0) throw new Error(`${mark} has no ${end}`);
    result += `${markdown.slice(copied, begin.lastIndex)}\n\n${generator().trim()}\n\n`;
    copied = endAt;
    begin.lastIndex = endAt;
  }
  return result + markdown.slice(copied);
}

/** A Markdown table. Pipes in cells are escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
