import type { Fault } from './fault.ts';
import type { Page } from './page.ts';

/** A reader decides on a screen or two whether to read on. Each subject has a page of its own. */
const maxLines = 150;

/** The fault of a front page, README.md, that is too long. */
export function findLongFrontPage(pages: readonly Page[]): Fault[] {
  return pages
    .filter(({ path, lineCount }) => path === 'README.md' && lineCount > maxLines)
    .map(({ path, lineCount }) => ({
      path,
      line: maxLines + 1,
      message: `the front page has ${lineCount} lines, more than ${maxLines}`,
    }));
}
