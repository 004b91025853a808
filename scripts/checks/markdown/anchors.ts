/** The anchors of one page, by the rules of GitHub. The site and registries use the same. */
export class Anchors {
  readonly #all = new Set<string>();
  readonly #uses = new Map<string, number>();

  get all(): ReadonlySet<string> {
    return this.#all;
  }

  /** A heading whose slug was used already gets a number: `options`, `options-1`. */
  addHeading(text: string): void {
    const slug = slugOf(text);
    let name = slug;
    while (this.#all.has(name)) {
      const used = (this.#uses.get(slug) ?? 0) + 1;
      this.#uses.set(slug, used);
      name = `${slug}-${used}`;
    }
    this.#all.add(name);
  }

  /** The id or name of an HTML tag. */
  addExplicit(name: string): void {
    this.#all.add(name);
  }
}

/** The anchor that GitHub makes of a heading's text. */
export function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
