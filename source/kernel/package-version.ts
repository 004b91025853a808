import { readFileSync } from 'node:fs';
import { isObject } from './is-object.ts';

/** The version of this package. */
export function packageVersion(): string {
  // From dist/source/kernel.
  const json: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  if (isObject(json) && typeof json['version'] === 'string') return json['version'];
  throw new TypeError('package.json has no version');
}
