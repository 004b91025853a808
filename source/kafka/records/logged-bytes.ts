import { isUtf8 } from 'node:buffer';

/**
 * Bytes as people read them in a log: the text if they are UTF-8, else `base64:` and their base64
 * form.
 */
export function loggedBytes(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  return isUtf8(bytes) ? bytes.toString('utf8') : `base64:${bytes.toString('base64')}`;
}
