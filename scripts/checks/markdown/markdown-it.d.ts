/** What the checks use of markdown-it, the parser that also makes the pages of the site. It comes without types. */
declare module 'markdown-it' {
  export interface Token {
    /** Such as `fence`, `inline` or `link_open`. */
    readonly type: string;
    readonly tag: string;
    /** Lines of a block from 0, the second one exclusive. Some blocks, such as cells, have none. */
    readonly map: readonly [number, number] | null;
    /** What follows the backticks of a fence. */
    readonly info: string;
    readonly content: string;
    /** The parts of an `inline` token. */
    readonly children: readonly Token[] | null;
    attrGet(name: string): string | null;
  }

  export default class MarkdownIt {
    constructor(options: { readonly html: boolean });
    parse(markdown: string, environment: object): Token[];
  }
}
