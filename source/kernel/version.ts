import { readFileSync } from 'node:fs';

let version: string | undefined;

/** The version of this package, for log lines and metrics; 'unknown' where its package.json does not lie beside it, as in a bundle. */
export function packageVersion(): string {
  version ??= readVersion();
  return version;
}

function readVersion(): string {
  try {
    const json: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    const isOurs = typeof json === 'object' && json !== null && 'name' in json && json.name === 'kasper-ts';
    return isOurs && 'version' in json ? String(json.version) : 'unknown';
  } catch {
    return 'unknown';
  }
}
