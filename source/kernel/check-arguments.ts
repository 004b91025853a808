import { ConfigError } from './errors.ts';
import { hasMethods, isObject } from './is-object.ts';
import { show } from './shown-value.ts';

/** Whether an argument fits, the sentence that says what it must be, and the argument. */
export type CheckedArgument = readonly [isFit: boolean, demand: string, given: unknown];

/**
 * Checks arguments of a public function, which may come from JavaScript.
 *
 * @param what the function, for messages
 * @throws ConfigError that lists every argument that does not fit
 */
export function checkArguments(what: string, ...checked: readonly CheckedArgument[]): void {
  const problems = checked
    .filter(([isFit]) => !isFit)
    .map(([, demand, given]) => `${demand}, not ${show(given)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what });
}

/** Whether it has the methods of a Sender, as an argument to check. */
export function senderArgument(sender: unknown): CheckedArgument {
  const methods = ['send', 'forward', 'flush'];
  return [
    isObject(sender) && hasMethods(sender, methods),
    `the decorated sender must have the methods ${methods.join(', ')}, and hand each of them on`,
    sender,
  ];
}

/** Whether it has the methods of a Logger, as an argument to check. */
export function loggerArgument(logger: unknown): CheckedArgument {
  const methods = ['debug', 'info', 'warn', 'error', 'child'];
  return [
    isObject(logger) && hasMethods(logger, methods),
    `the logger must have the methods ${methods.join(', ')}`,
    logger,
  ];
}
