import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';

/**
 * A part of a TypeScript file as a Markdown block: what is between `// #region NAME` and the next
 * `// #endregion`, without its indentation, below the imports that it needs. So what a page shows is
 * compiled, and run where its file is, and a reader can copy it as it is.
 *
 * @throws Error if the region is not there, or needs a file that only the repository has
 */
export function excerpt(file: string, region: string): string {
  const source = readFileSync(join(repositoryRoot, file), 'utf8');
  const code = regionOf(source, region, file);
  return `\`\`\`ts\n${[...importsOf(source, code, file), '', code].join('\n')}\n\`\`\``;
}

/** The lines of a region. */
export function regionOf(source: string, region: string, file: string): string {
  const lines = source.split('\n');
  const begin = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  const end = lines.findIndex((line, at) => at > begin && line.trim() === '// #endregion');
  if (begin < 0 || end < 0) throw new Error(`${file} has no region '${region}' with its end`);
  const indent = (lines[begin] ?? '').search(/\S/);
  return lines
    .slice(begin + 1, end)
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}

/** The imports of `source` by name, with those names only that `code` uses. */
export function importsOf(source: string, code: string, file: string): string[] {
  return [...source.matchAll(/^import \{([^}]*)\} from '([^']+)';$/gm)].flatMap(
    ([, names = '', from = '']) => {
      const used = names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && new RegExp(`\\b${name.replace('type ', '')}\\b`).test(code));
      if (used.length === 0) return [];
      if (from.startsWith('.')) throw new Error(`${file}: a page cannot show what needs ${from}`);
      if (used.every((name) => name.startsWith('type ')))
        return [
          `import type { ${used.map((name) => name.replace('type ', '')).join(', ')} } from '${from}';`,
        ];
      return [`import { ${used.join(', ')} } from '${from}';`];
    },
  );
}
