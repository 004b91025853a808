import { checkArguments } from '../kernel/check-arguments.ts';

/** The consumer group under which a job commits its offsets. @throws ConfigError for what is no text */
export function groupIdOf(topicProcessorName: string): string {
  const isText = typeof (topicProcessorName as unknown) === 'string';
  checkArguments('groupIdOf', [isText, 'the name must be text', topicProcessorName]);
  return `kasper-topic-processor-${topicProcessorName}`;
}

/** The suffix of the group that holds the claims of a job's group. */
export const CLAIMS_SUFFIX = '-claims';
