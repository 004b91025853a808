import MarkdownIt, { type Token } from 'markdown-it';
import { Anchors } from './anchors.ts';

/** A Markdown file of the repository, as the checks see it. */
export interface Page {
  /** Relative to the top of the repository, with slashes. */
  readonly path: string;
  /** The text of its first heading, else its path. */
  readonly title: string;
  readonly lineCount: number;
  /** What may follow `#` in a link to it. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly PageLink[];
  readonly blocks: readonly CodeBlock[];
}

/** A link or a picture. */
export interface PageLink {
  /** As in the page, but with percent signs decoded. */
  readonly target: string;
  /** What a reader clicks on; not of pictures and of HTML. */
  readonly text?: string;
  /** From 1. */
  readonly line: number;
}

/** A fenced block. */
export interface CodeBlock {
  /** What follows the backticks, such as `ts run`. */
  readonly info: string;
  readonly code: string;
  /** The line of the backticks, from 1: the code begins on the next. */
  readonly line: number;
  /** The JSON of a comment `<!-- program {...} -->` directly above the block. */
  readonly program?: string;
}

const parser = new MarkdownIt({ html: true });
const programMark = /^<!-- program (\{.*\}) -->\s*$/s;

/** Reads what the checks look at out of a page. */
export function parsePage(path: string, markdown: string): Page {
  const anchors = new Anchors();
  const links: PageLink[] = [];
  const blocks: CodeBlock[] = [];
  let title: string | undefined;
  // Cells of tables have no lines of their own: theirs is that of the row.
  let line = 1;
  let previous: Token | undefined;
  for (const token of parser.parse(markdown, {})) {
    line = token.map === null ? line : token.map[0] + 1;
    if (token.type === 'fence') {
      const program = previous?.type === 'html_block' ? programMark.exec(previous.content)?.[1] : undefined;
      const block = { info: token.info.trim(), code: token.content, line };
      blocks.push(program === undefined ? block : { ...block, program });
    } else if (token.type === 'html_block') {
      readHtml(token.content, line, links, anchors);
    } else if (token.type === 'inline') {
      readInline(token.children ?? [], line, links, anchors);
      if (previous?.type === 'heading_open') {
        const text = textOf(token.children ?? []);
        title ??= text;
        anchors.addHeading(text);
      }
    }
    previous = token;
  }
  return { path, title: title ?? path, lineCount: countLines(markdown), anchors: anchors.all, links, blocks };
}

function readInline(parts: readonly Token[], first: number, links: PageLink[], anchors: Anchors): void {
  let line = first;
  for (const [at, part] of parts.entries()) {
    if (part.type === 'softbreak' || part.type === 'hardbreak') line += 1;
    else if (part.type === 'html_inline') readHtml(part.content, line, links, anchors);
    else {
      const target = part.attrGet(part.type === 'image' ? 'src' : 'href');
      if (target !== null) {
        const link = { target: decode(target), line };
        links.push(part.type === 'image' ? link : { ...link, text: textOf(untilLinkEnds(parts.slice(at))) });
      }
    }
    // A picture's text, and what it links to, are tokens inside it.
    if (part.children !== null) readInline(part.children, line, links, anchors);
  }
}

function readHtml(html: string, first: number, links: PageLink[], anchors: Anchors): void {
  const withoutComments = html.replaceAll(/<!--.*?-->/gs, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  for (const { index, 1: name, 2: value = '' } of withoutComments.matchAll(
    /\s(href|src|srcset|id|name)="([^"]*)"/g,
  )) {
    const line = first + countBreaks(withoutComments.slice(0, index));
    if (name === 'id' || name === 'name') anchors.addExplicit(value);
    else links.push({ target: decode(value), line });
  }
}

function untilLinkEnds(parts: readonly Token[]): readonly Token[] {
  return parts.slice(
    0,
    parts.findIndex(({ type }) => type === 'link_close'),
  );
}

function textOf(parts: readonly Token[]): string {
  return parts
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');
}

function decode(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

function countLines(text: string): number {
  return countBreaks(text.endsWith('\n') ? text : `${text}\n`);
}

function countBreaks(text: string): number {
  return text.split('\n').length - 1;
}
