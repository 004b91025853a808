import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import type { Edit, Mutant } from './mutant.ts';

/** What of the compiled output a program under `spec` may import. */
const parts = ['source', 'stores', 'metrics', 'scripts', 'spec'];
const dist = join(repositoryRoot, 'dist');

/** Where the builds of mutants lie. Above them are the modules that they import, and package.json. */
const mutantsFolder = join(dist, 'mutants');

/**
 * Builds a mutant: the compiled output as it is, but for the files that are edited, which are
 * compiled anew. Its layout is that of `dist`, so that `spec/faults` in it runs on its mistake.
 *
 * @returns its folder
 * @throws Error if an edit does not fit the sources any more
 */
export function buildMutant(mutant: Mutant): string {
  const folder = join(mutantsFolder, mutant.name);
  const edited = editSources(mutant);
  rmSync(folder, { recursive: true, force: true });
  for (const part of parts) linkScripts(join(dist, part), join(folder, part));
  for (const [file, source] of edited) {
    const script = join(folder, file.replace(/\.ts$/, '.js'));
    // A link: what it leads to must stay as it is.
    rmSync(script);
    writeFileSync(script, compile(file, source));
  }
  return folder;
}

/**
 * The sources that the mutant changes, by file, as it has them.
 *
 * @throws Error that names the edit whose text is not there exactly once
 */
export function editSources({ name, edits }: Pick<Mutant, 'name' | 'edits'>): Map<string, string> {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const source = sources.get(edit.file) ?? readFileSync(join(repositoryRoot, edit.file), 'utf8');
    sources.set(edit.file, edited(name, edit, source));
  }
  return sources;
}

function edited(name: string, { file, replace, by }: Edit, source: string): string {
  const pieces = source.split(replace);
  const [before, after] = pieces;
  if (pieces.length === 2 && before !== undefined && after !== undefined) return before + by + after;
  throw new Error(
    `Mutant '${name}' replaces text that is ${pieces.length - 1} times in ${file}: the sources have changed. ` +
      `Make the mistake again where the code is now. The text is: ${replace}`,
  );
}

/** As `tsc` compiles it, without its types. @throws Error for what is no TypeScript */
export function compile(file: string, source: string): string {
  const { config } = ts.readConfigFile(join(repositoryRoot, 'tsconfig.json'), (path) =>
    readFileSync(path, 'utf8'),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repositoryRoot);
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    fileName: join(repositoryRoot, file),
    reportDiagnostics: true,
    compilerOptions: {
      ...options,
      // `nodenext` would look for package.json, which it is not given here.
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      declaration: false,
      sourceMap: false,
      inlineSources: false,
    },
  });
  const [wrong] = diagnostics;
  if (wrong !== undefined) {
    throw new Error(
      `${file} with its mistake is no TypeScript: ${ts.flattenDiagnosticMessageText(wrong.messageText, ' ')}`,
    );
  }
  return outputText;
}

/** Links every file that a program may load; maps and types are of no use there. */
function linkScripts(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /\.(map|d\.ts|spec\.js)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const link = join(to, path.slice(from.length));
    mkdirSync(dirname(link), { recursive: true });
    linkSync(path, link);
  }
}
