import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { paced } from '../paced.ts';
import type { NamedTopic } from './by-partition.ts';
import type { VersionedFields } from './versioned-fields.ts';

interface CodedPartition {
  readonly partition: number;
  readonly code: number;
}

interface CodedTopic extends NamedTopic<CodedPartition> {
  readonly partitions: CodedPartition[];
}

/**
 * Does what a request wants of each partition that it names, then writes the error codes: in parts where
 * it takes long.
 *
 * @param serve does it, and returns the code
 */
export async function codedPartitions<E extends { readonly partition: number }>(
  fields: VersionedFields,
  topics: readonly NamedTopic<E>[],
  serve: (topic: string, entry: E) => number,
): Promise<void> {
  const answers: CodedTopic[] = [];
  await paced(topics, ({ topic, partitions }) => {
    const coded: CodedPartition[] = [];
    answers.push({ topic, partitions: coded });
    return paced(partitions, (entry) => {
      coded.push({ partition: entry.partition, code: serve(topic, entry) });
    });
  });
  await fields.byTopic(inOrder(answers), (_, { partition, code }) => {
    fields.writer.int32(partition).int16(code);
    fields.end();
  });
}

/**
 * As a broker does, and to catch clients that take answers to come in the order of the request: once
 * there is a partition that does not exist, those come first, and each topic comes once.
 */
function inOrder(answers: readonly CodedTopic[]): readonly CodedTopic[] {
  const isUnknown = ({ code }: CodedPartition) => code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  if (!answers.some(({ partitions }) => partitions.some(isUnknown))) return answers;
  const merged = new Map<string, CodedTopic>();
  for (const first of [true, false]) {
    for (const { topic, partitions } of answers) {
      const wanted = partitions.filter((each) => isUnknown(each) === first);
      const known = merged.get(topic);
      if (known !== undefined) for (const each of wanted) known.partitions.push(each);
      else if (wanted.length > 0) merged.set(topic, { topic, partitions: wanted });
    }
  }
  return [...merged.values()];
}
