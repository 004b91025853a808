import { ConfigError } from '../../index.ts';
import { isObject } from '../../kernel/is-object.ts';

/**
 * The default export of a module; of a CommonJS file compiled from an ES module, the one within.
 */
export function defaultExport(module: Readonly<Record<string, unknown>>): unknown {
  const exported = module['default'];
  return isObject(exported) && exported['__esModule'] === true ? exported['default'] : exported;
}

/** What is wrong with a file, as it was named. */
export function fileError(file: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError([problem], cause === undefined ? { what: file } : { what: file, cause });
}
