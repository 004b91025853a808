import { repositoryRoot } from '../services/folders.ts';
import { bringUpToDate, checkUpToDate, generatedFiles } from './generated-files.ts';

/** Checks that generated files are up to date; `--write` brings them up to date. */
async function main(args: readonly string[]): Promise<void> {
  const files = await generatedFiles(repositoryRoot);
  if (!args.includes('--write')) {
    checkUpToDate(files);
    return;
  }
  const written = await bringUpToDate(repositoryRoot, files);
  console.log(
    written.length === 0 ? 'All generated files are up to date.' : `Written: ${written.join(', ')}`,
  );
}

await main(process.argv.slice(2));
