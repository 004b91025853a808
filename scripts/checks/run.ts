import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { run } from '../services/programs.ts';
import { inPairs } from './in-pairs.ts';
import { packTarball } from './packed-package.ts';

/**
 * All checks of the repository but the specs: `npm run check -- [names]`. Prints a line per check,
 * the output of those that fail, the lines of others that begin with `note: `, and closes with the
 * numbers of checks.
 */
interface Check {
  readonly name: string;
  /** A program of node_modules/.bin, or a compiled script of this folder. */
  readonly command: readonly [program: string, ...args: string[]];
}

const timeoutMs = 300_000;

function checksOf(tarball: string): Check[] {
  return [
    { name: 'lint', command: ['eslint', '.'] },
    { name: 'docs', command: ['docs.js'] },
    { name: 'snippets', command: ['snippets.js', tarball] },
    { name: 'links', command: ['links.js', tarball] },
    { name: 'consumers', command: ['consumers.js', tarball] },
    { name: 'generated', command: ['generated.js'] },
    { name: 'types', command: ['attw', tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'] },
    { name: 'package', command: ['publint', tarball, '--strict'] },
    { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
    { name: 'unused', command: ['knip'] },
    {
      name: 'imports',
      command: [
        'depcruise',
        '--config',
        '.dependency-cruiser.cjs',
        'source',
        'stores',
        'metrics',
        'scripts',
        'spec',
      ],
    },
  ];
}

async function passes({ name, command: [program, ...args] }: Check): Promise<boolean> {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  try {
    const { stdout } = program.endsWith('.js')
      ? await run(process.execPath, ['--enable-source-maps', join(import.meta.dirname, program), ...args], {
          timeoutMs,
          cwd: repositoryRoot,
        })
      : await run(join(repositoryRoot, 'node_modules/.bin', program), args, {
          timeoutMs,
          cwd: repositoryRoot,
        });
    const notes = stdout.split('\n').filter((line) => line.startsWith('note: '));
    console.log([`ok     ${name} (${seconds()} s)`, ...notes].join('\n'));
    return true;
  } catch (error) {
    console.log(`FAILED ${name} (${seconds()} s)\n${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

async function main(names: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-check-'));
  try {
    const all = checksOf(await packTarball(folder));
    const unknown = names.filter((name) => !all.some((check) => check.name === name));
    if (unknown.length > 0) {
      console.error(
        `No such check: ${unknown.join(', ')}. There are: ${all.map(({ name }) => name).join(', ')}`,
      );
      return 2;
    }
    const queue = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
    const results = await inPairs(queue, passes);
    const failed = results.filter((passed) => !passed).length;
    console.log(`checks: ${results.length - failed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
