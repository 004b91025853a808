import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '../markdown/fault.ts';
import { compile, installPacked, readManifest, userTsconfig } from '../packed-package.ts';
import type { Snippet } from './snippet.ts';

/** Packages that users have beside ours. */
const alsoNamed = ['ava', 'cockatiel'];

/** Of a test runner that is not installed here, what snippets call: they are compiled, not run. */
const vitest = `declare module 'vitest' {
  export function test(title: string, run: () => void | Promise<void>): void;
  export function expect(found: unknown): { toEqual(expected: unknown): void };
}
`;

/**
 * A project that has the packed package installed, and in which each snippet is a module of its own. A snippet begins at the same line
 * as in its page, so that what a compiler or a stack trace says is true for the page.
 */
export class ConsumerProject {
  readonly folder: string;
  readonly #snippets: ReadonlyMap<string, Snippet>;

  private constructor(folder: string, snippets: ReadonlyMap<string, Snippet>) {
    this.folder = folder;
    this.#snippets = snippets;
  }

  static async make(tarball: string, snippets: readonly Snippet[]): Promise<ConsumerProject> {
    const folder = await mkdtemp(join(tmpdir(), 'kasper-snippets-'));
    const modules = new Map(snippets.map((snippet) => [moduleOf(snippet), snippet]));
    const { peerDependencies } = await readManifest();
    await mkdir(join(folder, 'snippets'));
    await writeFile(join(folder, 'vitest.d.ts'), vitest);
    for (const [name, { block }] of modules) {
      await writeFile(join(folder, 'snippets', name), '\n'.repeat(block.line) + block.code);
    }
    await installPacked(
      tarball,
      folder,
      {
        'package.json': JSON.stringify({ name: 'snippets', private: true, type: 'module' }),
        'tsconfig.json': userTsconfig(
          'nodenext',
          ['vitest.d.ts', ...[...modules.keys()].map((name) => `snippets/${name}`)],
          // Declarations of packages are checked with the entry points; Elasticsearch's alone would take longer than all snippets.
          {
            skipLibCheck: true,
            allowJs: true,
            checkJs: true,
            rootDir: 'snippets',
            outDir: 'dist',
            sourceMap: true,
          },
        ),
      },
      [...Object.keys(peerDependencies), ...alsoNamed],
    );
    return new ConsumerProject(folder, modules);
  }

  /** Compiles all snippets at once; also those with faults are there as JavaScript then. */
  async compile(): Promise<Fault[]> {
    try {
      await compile(this.folder, 'tsconfig.json');
      return [];
    } catch (error) {
      const faults = this.#parse(error instanceof Error ? error.message : String(error));
      if (faults.length === 0) throw error;
      return faults;
    }
  }

  /** The compiled program of a snippet. */
  programOf(snippet: Snippet): string {
    return join(this.folder, 'dist', moduleOf(snippet).replace(/\.ts$/, '.js'));
  }

  /** What a program printed, with places in its page instead of those of the module. */
  nameByPages(output: string): string {
    let named = output;
    for (const [name, { path }] of this.#snippets) {
      for (const place of [join(this.folder, 'snippets', name), this.programOf(this.#get(name))]) {
        named = named.replaceAll(`file://${place}`, path).replaceAll(place, path);
      }
    }
    return named;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #get(name: string): Snippet {
    const snippet = this.#snippets.get(name);
    if (snippet === undefined) throw new Error(`There is no snippet ${name}`);
    return snippet;
  }

  /** The compiler's messages: `snippets/NAME(line,column): error TS1234: text`, and lines of more text that are indented. */
  #parse(output: string): Fault[] {
    const faults: Fault[] = [];
    for (const [, name = '', line = '', text = ''] of output.matchAll(
      /^snippets\/(\S+?)\((\d+),\d+\): (error .*(?:\n .*)*)/gm,
    )) {
      const { path, block } = this.#get(name);
      faults.push({ path, line: Number(line), message: `in the block of line ${block.line}: ${text}` });
    }
    return faults;
  }
}

function moduleOf({ path, block, language }: Snippet): string {
  return `${path.replaceAll('/', '+')}+${block.line}.${language}`;
}
