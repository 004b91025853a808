import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';

/**
 * A part of a TypeScript file as a Markdown block: what stands between `// #region NAME` and the
 * next `// #endregion`, without their indentation. So what the documentation shows is compiled, and
 * run where its file is.
 *
 * @throws Error if the region is not there
 */
export function excerpt(file: string, region: string): string {
  return `\`\`\`ts\n${regionOf(readFileSync(join(repositoryRoot, file), 'utf8'), region, file)}\n\`\`\``;
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
