import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** For these npm warns those who install the package. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/**
 * Checks what an installed package has beside its exports.
 *
 * @param folder of the installed package
 * @throws Error for a script that npm warns of, and a source map without its sources, which are not
 *   packed
 */
export async function checkPackedFiles(folder: string): Promise<void> {
  const { scripts = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly scripts?: Readonly<Record<string, string>>;
  };
  const warnedOf = INSTALL_SCRIPTS.filter((name) => name in scripts);
  if (warnedOf.length > 0) throw new Error(`npm warns of the packed scripts ${warnedOf.join(', ')}`);
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.map') && !name.includes('node_modules'))) {
    const { sourcesContent } = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
      readonly sourcesContent?: readonly unknown[];
    };
    if (sourcesContent?.every((source) => typeof source === 'string') !== true)
      throw new Error(`${file} is packed without the sources that it names`);
  }
}
