/** What the program of README.md finds in Kafka, and what it must print. */
export interface ReadmeSetting {
  /** Partitions by topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly records?: readonly {
    readonly topic: string;
    readonly key?: string;
    readonly value: string | null;
    readonly partition?: number;
  }[];
  /** Must appear on its standard output. */
  readonly expect: string;
}

export interface ReadmeProgram {
  readonly setting: ReadmeSetting;
  readonly code: string;
}

/**
 * Finds the program of a README: the first `ts` block after a comment `<!-- program {...} -->`, whose JSON is a {@link ReadmeSetting}.
 *
 * @throws Error if there is none
 */
export function parseReadmeProgram(markdown: string): ReadmeProgram {
  const match = /<!-- program (\{.*?\}) -->\s*```ts(?: run)?\n(.*?)\n```/s.exec(markdown);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error('README.md has no `<!-- program {...} -->` followed by a block that starts with ```ts');
  }
  return { setting: JSON.parse(match[1]) as ReadmeSetting, code: match[2] };
}
