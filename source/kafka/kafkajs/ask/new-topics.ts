import { checkArguments } from '../../../kernel/check-arguments.ts';
import { ConfigError } from '../../../kernel/errors.ts';
import { isObject } from '../../../kernel/is-object.ts';
import { show } from '../../../kernel/shown-value.ts';
import { topicNameProblem } from '../../../kernel/topic-name.ts';

/** Checks what `createTopics` is given, which may come from JavaScript. @throws ConfigError */
export function checkNewTopics(topics: unknown): void {
  const what = 'createTopics';
  checkArguments(what, [
    Array.isArray(topics) && topics.every(isObject),
    'topics must be a list of { topic, partitionCount }',
    topics,
  ]);
  const problems = (topics as Record<string, unknown>[]).flatMap(({ topic, partitionCount }) => {
    const problem = topicNameProblem(topic);
    if (problem !== undefined) return [problem];
    const isCount = Number.isSafeInteger(partitionCount) && (partitionCount as number) > 0;
    return isCount
      ? []
      : [`partitionCount of ${show(topic)} must be a whole number from 1, not ${show(partitionCount)}`];
  });
  if (problems.length > 0) throw new ConfigError(problems, { what });
}
