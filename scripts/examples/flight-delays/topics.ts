import { ConfigError, type KafkaClient } from 'kasper-ts';
import { count, counted } from '../../../source/cli/terminal/figures.ts';
import { countRecords, sendRecords, type TextRecord } from '../cluster.ts';

/** The names of the three topics. */
export interface Topics {
  readonly airports: string;
  readonly flights: string;
  /** The results: the latest record of an airport is all that is known of it. */
  readonly delays: string;
}

export function topicNames(prefix: string): Topics {
  return { airports: `${prefix}airports`, flights: `${prefix}flights`, delays: `${prefix}airport-delays` };
}

/**
 * Creates the topics that are not there. All get the same number of partitions: that is what lets
 * them be joined by partition.
 *
 * @returns that number
 * @throws ConfigError if topics are there with other numbers
 */
export async function prepareTopics(
  client: KafkaClient,
  topics: Topics,
  wanted: number | undefined,
): Promise<number> {
  const found = await client.describeTopics(Object.values(topics) as string[]);
  const [first] = found.values();
  const partitionCount = wanted ?? first?.partitionCount ?? 4;
  const others = [...found.values()].filter((each) => each.partitionCount !== partitionCount);
  if (others.length > 0) {
    const counts = [...found.values()].map(({ topic, partitionCount: has }) => `${topic} has ${has}`);
    throw new ConfigError(
      [
        `${wanted === undefined ? 'the topics need equal numbers of partitions' : `--partitions asks for ${wanted}`}, but ${counts.join(', ')}. ` +
          'Choose new topics with --prefix, or delete these',
      ],
      { what: 'Topics' },
    );
  }
  await client.createTopics([
    { topic: topics.airports, partitionCount },
    { topic: topics.flights, partitionCount },
    { topic: topics.delays, partitionCount, config: { 'cleanup.policy': 'compact' } },
  ]);
  return partitionCount;
}

/** Fills a topic, unless something is in it. Says in a line what it did. */
export async function loadTopic(
  client: KafkaClient,
  topic: string,
  partitionCount: number,
  records: readonly TextRecord[],
): Promise<string> {
  const found = await countRecords(client, topic, partitionCount);
  if (found > 0) return `found ${counted(found, 'record')} in ${topic}, loaded nothing`;
  await sendRecords(client, topic, records);
  return `loaded ${count(records.length)} records into ${topic}, ${counted(partitionCount, 'partition')}`;
}
