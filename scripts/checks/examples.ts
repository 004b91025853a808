import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { findProgram } from '../services/programs.ts';
import { neededPrograms } from './needed-programs.ts';
import { runExpecting } from './run-program.ts';

/**
 * Runs every numbered example (scripts/examples/NN-name.ts) on the embedded cluster. The last line of its source that starts with
 * `// expected: ` holds a text that it must print within a minute.
 */
async function main(): Promise<void> {
  const folder = join(repositoryRoot, 'scripts/examples');
  const files = existsSync(folder)
    ? (await readdir(folder)).filter((file) => /^\d\d-.*\.ts$/.test(file)).sort()
    : [];
  if (files.length === 0) throw new Error(`No examples in ${folder}`);
  for (const file of files) {
    const source = await readFile(join(folder, file), 'utf8');
    const missing = neededPrograms(source).filter((program) => findProgram(program) === undefined);
    if (missing.length > 0 && process.env['REQUIRE_SERVICES'] !== '1') {
      console.log(`${file}: not run, since there is no ${missing.join(' and no ')}`);
      continue;
    }
    const expected = expectedText(source);
    if (expected === undefined) throw new Error(`${file} has no line that starts with "// expected: "`);
    const program = join(repositoryRoot, 'dist/scripts/examples', file.replace(/\.ts$/, '.js'));
    const start = performance.now();
    await runExpecting({ program, cwd: repositoryRoot, expected, timeoutMs: 60_000 });
    console.log(`${file}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

function expectedText(source: string): string | undefined {
  return source
    .split('\n')
    .findLast((line) => line.startsWith('// expected: '))
    ?.slice('// expected: '.length)
    .trim();
}

await main();
