/**
 * What the examples share: a Kafka to work with. With `--brokers host:port` it is yours, else an
 * embedded cluster in this process, which needs no installation and forgets everything when the
 * example ends.
 */
import { openClient, partitioners, silentLogger, type KafkaClient } from 'kasper-ts';
import { EmbeddedCluster } from 'kasper-ts/testing';

/** A record to load: text in, text out, to keep the examples short. */
export interface TextRecord {
  readonly key?: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Kafka as an example needs it. */
export interface ExampleKafka extends AsyncDisposable {
  readonly brokers: string[];
  /** One line for the reader: which Kafka this is. */
  readonly what: string;
  readonly client: KafkaClient;
}

/** Connects to the brokers, or starts an embedded cluster of three nodes and connects to that. */
export async function connectKafka(brokers: readonly string[] | undefined): Promise<ExampleKafka> {
  const cluster = brokers === undefined ? await EmbeddedCluster.start({ brokers: 3 }) : undefined;
  const addresses = [...(brokers ?? cluster?.brokers ?? [])];
  const client = openClient(
    { brokers: addresses },
    // A person waits: five seconds show whether somebody listens there.
    { logger: silentLogger, retryTimeoutMs: 60_000, firstConnectTimeoutMs: 5_000 },
  );
  const close = async (): Promise<void> => {
    await client.close();
    await cluster?.close();
  };
  try {
    await client.connect();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    brokers: addresses,
    what:
      cluster === undefined
        ? addresses.join(', ')
        : `an embedded cluster of ${addresses.length} nodes in this process`,
    client,
    [Symbol.asyncDispose]: close,
  };
}

/** As {@link connectKafka}, for examples that have no flag but `--brokers a:9092,b:9092`. */
export async function exampleKafka(argv: readonly string[] = process.argv): Promise<ExampleKafka> {
  const at = argv.indexOf('--brokers');
  return connectKafka(at < 0 ? undefined : argv[at + 1]?.split(','));
}

/** How many offsets a topic's partitions span: its records, in a topic that was never compacted. */
export async function countRecords(
  client: KafkaClient,
  topic: string,
  partitionCount: number,
): Promise<number> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
  const first = await client.listOffsets('earliest', partitions, 'read_committed');
  const end = await client.listOffsets('latest', partitions, 'read_committed');
  return end.reduce((sum, { offset }, at) => sum + offset - (first[at]?.offset ?? 0), 0);
}

/**
 * Sends records to a topic, placed by their keys as any Kafka producer does it, and waits for all
 * acks.
 */
export async function sendRecords(
  client: KafkaClient,
  topic: string,
  records: Iterable<TextRecord>,
): Promise<void> {
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
  try {
    const partitionCount = await sink.loadTopic(topic);
    const waiting = sink.accumulator();
    let spread = 0;
    for (const { key, value, headers = {} } of records) {
      const keyBytes = key === undefined ? null : Buffer.from(key);
      const partition =
        keyBytes === null ? spread++ % partitionCount : partitioners.murmur2(keyBytes, partitionCount);
      waiting.append(
        topic,
        partition,
        waiting.measure({
          key: keyBytes,
          value: Buffer.from(value),
          headers: Object.entries(headers).flat(),
          timestamp: Date.now(),
        }),
      );
    }
    await waiting.flush();
  } finally {
    await sink.close();
  }
}

/**
 * Makes sure that a topic is there and, if it is empty, fills it. An example that runs again on a
 * Kafka of yours finds what it loaded before.
 */
export async function fillTopic(
  { client }: ExampleKafka,
  topic: string,
  partitionCount: number,
  records: readonly TextRecord[] = [],
): Promise<void> {
  await client.createTopics([{ topic, partitionCount }]);
  if ((await countRecords(client, topic, partitionCount)) === 0) await sendRecords(client, topic, records);
}
