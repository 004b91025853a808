import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../services/programs.ts';
import { checkPackedFiles } from './packed-files.ts';
import { compile, installPacked, readManifest, userTsconfig } from './packed-package.ts';

/**
 * Uses the packed package as others do: a TypeScript program of ES modules (compiled for Node and
 * for bundlers) and one of CommonJS modules import every entry point, type-check with all
 * declarations, and run. Both must see the same exports. What is packed besides is checked as well.
 */
async function main(tarball: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-consumers-'));
  try {
    const { name, exports } = await readManifest();
    const entryPoints = Object.keys(exports)
      .filter((path) => !path.endsWith('.json'))
      .map((path) => name + path.slice(1));
    const show = `console.log(JSON.stringify([${entryPoints.map((_, i) => `Object.keys(entry${i}).sort()`).join(', ')}]));\n`;
    const esm = entryPoints.map((path, i) => `import * as entry${i} from '${path}';\n`).join('') + show;
    const commonJs = entryPoints.map((path, i) => `import entry${i} = require('${path}');\n`).join('') + show;
    await installPacked(tarball, folder, {
      'package.json': JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
      'esm.ts': esm,
      'common.cts': commonJs,
      'tsconfig.node.json': userTsconfig('nodenext', ['esm.ts', 'common.cts']),
      'tsconfig.bundler.json': userTsconfig('bundler', ['esm.ts']),
    });
    await checkPackedFiles(join(folder, 'node_modules', name));
    await Promise.all([compile(folder, 'tsconfig.node.json'), compile(folder, 'tsconfig.bundler.json')]);
    const [fromEsm, fromCommonJs] = await Promise.all([
      exportsSeen(folder, 'esm.js'),
      exportsSeen(folder, 'common.cjs'),
    ]);
    if (fromEsm !== fromCommonJs) {
      throw new Error(`ES modules see other exports than CommonJS modules:\n${fromEsm}${fromCommonJs}`);
    }
    console.log(`${entryPoints.join(', ')} export ${fromEsm}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportsSeen(folder: string, program: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [join(folder, program)], {
    timeoutMs: 30_000,
    cwd: folder,
  });
  if (stderr !== '') throw new Error(`${program} printed to stderr: ${stderr}`);
  return stdout;
}

const [tarball] = process.argv.slice(2);
if (tarball === undefined) throw new Error('Usage: consumers.js TARBALL');
await main(tarball);
