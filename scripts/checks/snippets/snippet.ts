import type { Fault } from '../markdown/fault.ts';
import type { CodeBlock, Page } from '../markdown/page.ts';

/** A program of a page. */
export interface Snippet {
  readonly path: string;
  readonly block: CodeBlock;
  readonly language: 'ts' | 'js';
  /** Whether it is also run. */
  readonly runs: boolean;
  readonly setting: SnippetSetting;
}

/** What a program finds in Kafka, and what it must print: the JSON of `<!-- program {...} -->` above its block. */
export interface SnippetSetting {
  /** Partitions by topic. */
  readonly topics?: Readonly<Record<string, number>>;
  readonly records?: readonly {
    readonly topic: string;
    readonly key?: string;
    readonly value: string | null;
    readonly partition?: number;
  }[];
  /** Must appear on its standard output. A program that does not stop then is sent SIGTERM. */
  readonly expect?: string;
}

const languages: Readonly<Record<string, 'ts' | 'js'>> = { ts: 'ts', js: 'js' };
const otherNames = /^(typescript|javascript|[cm]?[jt]sx?)$/i;

/** The programs of these pages: their blocks of `ts`, `ts run`, `js` and `js run`. Blocks marked in any other way as programs are faults. */
export function findSnippets(pages: readonly Page[]): { snippets: Snippet[]; faults: Fault[] } {
  const snippets: Snippet[] = [];
  const faults: Fault[] = [];
  for (const { path, blocks } of pages) {
    for (const block of blocks) {
      const [name = '', ...more] = block.info.split(/\s+/);
      const language = languages[name];
      const fault = (message: string) => faults.push({ path, line: block.line, message });
      if (language === undefined) {
        if (otherNames.test(name)) fault(`the block is marked '${name}': write ts or js`);
        continue;
      }
      if (more.length > 1 || (more[0] ?? 'run') !== 'run') {
        fault(`the block is marked '${block.info}': after ${name} there may only be 'run'`);
        continue;
      }
      const runs = more.length === 1;
      try {
        const setting = JSON.parse(block.program ?? '{}') as SnippetSetting;
        if (runs || block.program === undefined) snippets.push({ path, block, language, runs, setting });
        else fault(`the block has a comment 'program', and is not marked '${name} run'`);
      } catch (error) {
        fault(`the comment 'program' above the block is no JSON: ${String(error)}`);
      }
    }
  }
  return { snippets, faults };
}
