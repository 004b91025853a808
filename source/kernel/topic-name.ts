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
