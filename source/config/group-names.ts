/** The consumer group under which a job commits its offsets. */
export function groupIdOf(topicProcessorName: string): string {
  return `kasper-topic-processor-${topicProcessorName}`;
}

/** The suffix of the group that holds the claims of a job's group. */
export const CLAIMS_SUFFIX = '-claims';
