import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../services/folders.ts';
import { run } from '../services/programs.ts';

interface Manifest {
  readonly name: string;
  readonly repository?: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The parts of package.json that the checks look at. */
export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as Manifest;
}

/** Packs the package as it would be published and returns the path of the tarball. */
export async function packTarball(folder: string): Promise<string> {
  // Without scripts: the one that runs before packing would empty dist, from which this program is
  // running.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    timeoutMs: 60_000,
    cwd: repositoryRoot,
  });
  const [packed] = JSON.parse(stdout) as { readonly filename: string }[];
  if (packed === undefined) throw new Error(`npm pack packed nothing: ${stdout}`);
  return join(folder, packed.filename);
}

/**
 * Makes a project in `folder` that has the packed package installed, its dependencies, and what a
 * TypeScript user adds. No registry is asked: the dependencies are links to ours, and only to those
 * that the package declares, so that one it forgot is missed, and to what else the user installed.
 */
export async function installPacked(
  tarball: string,
  folder: string,
  files: Readonly<Record<string, string>>,
  alsoInstalled: readonly string[] = [],
): Promise<void> {
  const { name, dependencies } = await readManifest();
  const modules = join(folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', modules], { timeoutMs: 30_000 });
  await rename(join(modules, 'package'), join(modules, name));
  for (const dependency of [...Object.keys(dependencies), ...alsoInstalled, '@types/node', 'typescript']) {
    const link = join(modules, dependency);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repositoryRoot, 'node_modules', dependency), link);
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
}

/**
 * Type-checks the project in `folder`, also the declarations of all packages that it uses, and
 * compiles it in place.
 */
export async function compile(folder: string, tsconfig: string): Promise<void> {
  const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '--project', join(folder, tsconfig)], {
    timeoutMs: 120_000,
    cwd: folder,
  });
}

/**
 * The compiler options of a user: strict, and with declarations of packages checked, if `more` does
 * not say otherwise.
 */
export function userTsconfig(
  module: 'nodenext' | 'bundler',
  files: readonly string[],
  more: Readonly<Record<string, boolean | string>> = {},
): string {
  const resolution =
    module === 'nodenext'
      ? { module: 'nodenext', moduleResolution: 'nodenext' }
      : { module: 'esnext', moduleResolution: 'bundler', noEmit: true };
  return JSON.stringify({
    compilerOptions: {
      ...resolution,
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      ...more,
    },
    files,
  });
}
