import { inPairs } from '../in-pairs.ts';
import type { Fault } from '../markdown/fault.ts';
import type { Page } from '../markdown/page.ts';
import { ConsumerProject } from './consumer-project.ts';
import { runSnippet } from './run-snippet.ts';
import { findSnippets } from './snippet.ts';

/** What {@link checkSnippets} did. */
export interface CheckedSnippets {
  readonly compiled: number;
  readonly ran: number;
  readonly faults: readonly Fault[];
}

/** Compiles the snippets of these pages as a user of the packed package does, and runs those that are marked with `run`. */
export async function checkSnippets(tarball: string, pages: readonly Page[]): Promise<CheckedSnippets> {
  const { snippets, faults } = findSnippets(pages);
  if (snippets.length === 0) return { compiled: 0, ran: 0, faults };
  const project = await ConsumerProject.make(tarball, snippets);
  try {
    const wrong = await project.compile();
    const running = snippets.filter(
      ({ runs, path, block }) =>
        runs && !wrong.some((fault) => fault.path === path && isWithin(fault.line, block)),
    );
    const failed = await inPairs(running, (snippet) => runSnippet(project, snippet));
    return {
      compiled: snippets.length,
      ran: running.length,
      faults: [...faults, ...wrong, ...failed.flat()],
    };
  } finally {
    await project.remove();
  }
}

function isWithin(line: number, { line: first, code }: { readonly line: number; readonly code: string }) {
  return line >= first && line <= first + code.split('\n').length;
}
