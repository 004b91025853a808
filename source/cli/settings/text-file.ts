import { readFileSync } from 'node:fs';

/**
 * The text of a file in UTF-8, without the byte order mark that editors of Windows put before it.
 *
 * @throws Error of `readFileSync`, or one that names the encoding of a file in UTF-16
 */
export function readTextFile(path: string): string {
  const bytes = readFileSync(path);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new Error(`'${path}' is in UTF-16, as PowerShell writes files: save it as UTF-8`);
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
