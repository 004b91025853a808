import { checkArguments } from './check-arguments.ts';
import { ConfigError } from './errors.ts';
import { show } from './shown-value.ts';

/** Whether a topic can have this name. */
export function isTopicName(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';
}

/** Why no topic can have this name; undefined if one can. */
export function topicNameProblem(name: unknown): string | undefined {
  return isTopicName(name)
    ? undefined
    : `${show(name)} is not a topic name (1 to 249 letters, digits, dots, dashes or underscores)`;
}

/** No more problems than this are reported together. */
const MOST_PROBLEMS = 10;

/** @throws ConfigError unless it is a list of names that topics can have */
export function checkTopicNames(what: string, topics: unknown): void {
  checkArguments(what, [Array.isArray(topics), 'topics must be a list of topic names', topics]);
  const problems = (topics as unknown[]).flatMap((topic) => topicNameProblem(topic) ?? []);
  if (problems.length > 0) throw new ConfigError(problems.slice(0, MOST_PROBLEMS), { what });
}
