import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join, posix } from 'node:path';
import { resolveLink } from '../markdown/dead-links.ts';
import type { Page } from '../markdown/page.ts';

/** The documents of the site that show files and folders of the repository to which pages link. */
export interface LinkedFiles {
  /** The document that has all others below it; undefined if there is none. */
  readonly index: string | undefined;
  /** What each document shows, by its path. */
  readonly shown: ReadonlyMap<string, string>;
}

const languages: Readonly<Record<string, string>> = {
  Dockerfile: 'docker',
  '.ts': 'ts',
  '.js': 'js',
  '.json': 'json',
  '.yml': 'yaml',
  '.yaml': 'yaml',
  '.sh': 'sh',
  '.service': 'ini',
};
/** Others, such as pictures, are copied to the site as they are. */
const isText = (file: string) => extname(file) === '' || Object.hasOwn(languages, extname(file));
const languageOf = (file: string) => languages[extname(file) || posix.basename(file)] ?? 'text';

/**
 * Writes, to `folder`, a Markdown document for each text file and each folder that the pages link to, and for the files in those folders:
 * a site has no folders to list, and browsers do not show a `.ts`.
 */
export async function writeLinkedFiles(
  pages: readonly Page[],
  files: readonly string[],
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<LinkedFiles> {
  const shown = new Map<string, string>();
  const children: Record<string, string> = {};
  const paths = linkedPaths(pages, files);
  for (const path of paths) {
    const document = join(folder, `${path}.md`);
    await mkdir(dirname(document), { recursive: true });
    const isFile = files.includes(path);
    const text = isFile ? showFile(path, await readFile(join(root, path), 'utf8')) : showFolder(path, paths);
    await writeFile(document, text);
    shown.set(document, join(root, path));
    children[path] = `./${path}.md`;
  }
  if (shown.size === 0) return { index: undefined, shown };
  const index = join(folder, 'files.md');
  await writeFile(index, showIndex(Object.entries(children)));
  return { index, shown };
}

function linkedPaths(pages: readonly Page[], files: readonly string[]): string[] {
  const isPage = new Set(pages.map(({ path }) => path));
  const linked = new Set<string>();
  for (const page of pages) {
    for (const { target } of page.links) {
      const path = resolveLink(page.path, target)?.path;
      if (path === undefined) continue;
      linked.add(path);
      for (const file of filesIn(path, files)) linked.add(file);
    }
  }
  return [...linked].filter((path) => !isPage.has(path) && (!files.includes(path) || isText(path))).sort();
}

function filesIn(folder: string, files: readonly string[]): string[] {
  return files.filter((file) => posix.dirname(file) === folder);
}

/** The front matter, from which typedoc knows what is below this document, is in the style of blocks: typedoc takes braces for tags. */
function showIndex(children: readonly (readonly [path: string, document: string])[]): string {
  const names = children.map(
    ([path, document]) => `  ${JSON.stringify(path)}: ${JSON.stringify(document)}\n`,
  );
  const list = children.map(([path, document]) => `- [${path}](${document})\n`);
  return `---\nchildren:\n${names.join('')}---\n# Files\n\nFiles of the repository to which pages link.\n\n${list.join('')}`;
}

function showFile(path: string, text: string): string {
  return `# ${path}\n\n\`\`\`\`${languageOf(path)}\n${text.trimEnd()}\n\`\`\`\`\n`;
}

function showFolder(path: string, shown: readonly string[]): string {
  const folder = posix.basename(path);
  const names = filesIn(path, shown).map((file) => posix.basename(file));
  const list = names.map((name) => `- [${name}](./${folder}/${name}.md)`);
  return `# ${path}\n\n${list.join('\n')}\n`;
}
