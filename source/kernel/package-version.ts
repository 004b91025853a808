import { readFileSync } from 'node:fs';
import { isObject } from './is-object.ts';

/**
 * The version of this package; 'unknown' where its package.json does not lie beside it, as in a
 * bundle of one file.
 */
export function packageVersion(): string {
  try {
    // From dist/source/kernel.
    const json: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    if (isObject(json) && json['name'] === 'kasper-ts' && typeof json['version'] === 'string')
      return json['version'];
  } catch {
    // No run fails for want of a number to show.
  }
  return 'unknown';
}
