import type { WireReader } from '../../source/kafka/wire/wire-reader.ts';
import { WireWriter } from '../../source/kafka/wire/wire-writer.ts';
import { request } from './kafka-request.ts';
import { until } from './until.ts';

/** What a Kafka server says of itself. */
export interface KafkaDescription {
  /** Brokers in its cluster. */
  readonly nodes: number;
  /** The newest Fetch version it serves: brokers do not report their release, but this shows it. */
  readonly fetchVersion: number;
}

/** Kafka 4.1 serves Fetch up to version 18, Kafka 3.9 up to 17. */
export const fetchVersionOf41 = 18;

const metadata = 3;
const createTopics = 19;
const fetchKey = 1;
const apiVersions = 18;

/**
 * Asks a broker for its versions (ApiVersions 0) and its cluster (Metadata 1, no topics).
 *
 * @throws Error if nobody listens there, or no Kafka broker, or the answer takes longer than
 *   `timeoutMs`
 * @see https://kafka.apache.org/protocol#The_Messages_ApiVersions
 */
export async function describeKafka(address: string, timeoutMs = 3_000): Promise<KafkaDescription> {
  const versions = await request(address, apiVersions, 0, new WireWriter(), timeoutMs);
  versions.int16();
  const newest = new Map(
    versions.array((reader) => {
      const key = reader.int16();
      reader.int16();
      return [key, reader.int16()] as const;
    }),
  );
  const cluster = await request(address, metadata, 1, new WireWriter().int32(0), timeoutMs);
  return { nodes: readBrokers(cluster), fetchVersion: newest.get(fetchKey) ?? -1 };
}

/** A topic to create. */
export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  /** Of each partition. Default: what the broker is configured with. */
  readonly replicas?: number;
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Creates a topic (CreateTopics 4) and waits until every broker named knows the leaders of its
 * partitions (Metadata 1): clients may ask any of them.
 *
 * @throws Error with the broker's answer
 * @see https://kafka.apache.org/protocol#The_Messages_CreateTopics
 */
export async function createKafkaTopic(
  brokers: readonly string[],
  { topic, partitions, replicas = -1, config }: TopicToCreate,
): Promise<void> {
  const timeoutMs = 15_000;
  const body = new WireWriter()
    .array([topic], (writer, name) => {
      writer.string(name).int32(partitions).int16(replicas).int32(0);
      writer.array(Object.entries(config), (entries, [key, value]) => entries.string(key).string(value));
    })
    .int32(timeoutMs)
    .boolean(false);
  const answer = await request(brokers[0] ?? '', createTopics, 4, body, timeoutMs);
  answer.int32();
  const [failure] = answer
    .array((reader) => ({
      name: reader.string(),
      code: reader.int16(),
      message: reader.nullableString(),
    }))
    .filter(({ code }) => code !== 0);
  if (failure !== undefined) {
    throw new Error(`Topic ${topic} was not created: code ${failure.code}, ${String(failure.message)}`);
  }
  for (const broker of brokers) {
    await until(async () => (await leadersOf(broker, topic)) === partitions, {
      deadlineMs: timeoutMs,
      what: `${broker} to know the leaders of ${partitions} partitions of ${topic}`,
    });
  }
}

/** How many partitions of a topic have a leader, as this broker knows. */
async function leadersOf(broker: string, topic: string): Promise<number> {
  const answer = await request(
    broker,
    metadata,
    1,
    new WireWriter().array([topic], (writer, name) => writer.string(name)),
    3_000,
  );
  readBrokers(answer);
  answer.int32();
  const [leaders = []] = answer.array((reader) => {
    reader.int16();
    reader.string();
    reader.boolean();
    return reader.array(readLeader);
  });
  return leaders.filter((leader) => leader >= 0).length;
}

function readBrokers(reader: WireReader): number {
  return reader.array((broker) => {
    broker.int32();
    broker.string();
    broker.int32();
    broker.nullableString();
  }).length;
}

function readLeader(reader: WireReader): number {
  reader.int16();
  reader.int32();
  const leader = reader.int32();
  reader.array((replicas) => replicas.int32());
  reader.array((inSync) => inSync.int32());
  return leader;
}
