import { checkArguments } from './check-arguments.ts';
import { ConfigError } from './errors.ts';
import { isObject } from './is-object.ts';
import { unknownName } from './unknown-name.ts';

/** Checks that options are an object with no other names than these. @throws ConfigError */
export function checkOptionNames(what: string, options: unknown, known: readonly string[]): void {
  checkArguments(what, [isObject(options), 'options must be an object', options]);
  const problems = Object.keys(options as object)
    .filter((name) => !known.includes(name))
    .map((name) => unknownName('option', name, known));
  if (problems.length > 0) throw new ConfigError(problems, { what });
}
