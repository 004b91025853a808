import { groupIdOf } from '../../config/group-names.ts';
import { partitioners } from '../../kafka/partitioner.ts';
import type { PartitionOffset } from '../../kafka/log-position.ts';
import { consumerMessage } from '../../kafka/records/consumer-message.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { isObject } from '../../kernel/is-object.ts';
import { show } from '../../kernel/shown-value.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { ConsumerMessage, ProducerMessage } from '../../message.ts';
import type { TypedTopic } from '../../typed-topic.ts';
import { FakeKafka } from '../fake-kafka/fake-kafka.ts';
import type { MessageParts } from '../fake-kafka/fake-message.ts';

/** How a harness is made. */
export interface TestHarnessOptions {
  /** How many partitions a topic has that is made when it is first used. Default 1. */
  readonly partitions?: number;
  /** Topics with numbers of partitions of their own. */
  readonly topics?: Readonly<Record<string, number>>;
}

/** A record of a topic with a type. */
export interface TypedRecord<Value> {
  readonly key: string | null;
  /** null is a tombstone. */
  readonly value: Value | null;
}

/** The topics of a harness: made when they are first used, with all that came, in order. */
export class HarnessTopics {
  readonly kafka: FakeKafka;
  readonly #partitions: number;
  readonly #came = new Map<string, ConsumerMessage[]>();
  readonly #read = new Map<string, number>();
  /** The partition of the next record without a key. */
  readonly #next = new Map<string, number>();

  constructor({ partitions = 1, topics = {} }: TestHarnessOptions) {
    checkCount('partitions', partitions);
    if (!isObject(topics)) throw new ConfigError([`topics must be an object, not ${show(topics)}`], { what });
    for (const [name, count] of Object.entries(topics)) checkCount(`topics.${name}`, count);
    this.#partitions = partitions;
    this.kafka = new NotingKafka((message) => {
      this.#cameIn(message.topic).push(message);
    });
    for (const [name, count] of Object.entries(topics)) this.kafka.createTopic(name, count);
    this.kafka.intercept('loadTopic', ({ topic = '' }) => {
      this.#made(topic);
    });
  }

  /** The partitions that all of these topics have. */
  partitionsOf(topics: readonly string[]): number[] {
    // What is no list of topics, the processor refuses.
    const counts = isObject(topics) ? Array.from(topics, (topic) => this.#made(topic)) : [1];
    return Array.from({ length: Math.min(...counts) }, (_none, partition) => partition);
  }

  /** Writes records. @throws ConfigError for what is no record */
  feed(records: readonly ProducerMessage[], now: number): void {
    for (const record of records) {
      if (!isObject(record))
        throw new ConfigError([`a record must be an object, not ${show(record)}`], { what });
      const { topic, key = null, value, headers, timestamp = now } = record;
      const given = { topic, partition: 0, offset: 0, key, value, timestamp };
      const message = consumerMessage(headers === undefined ? given : { ...given, headers });
      const partition = this.#partitionOf(record);
      this.kafka.appendAll({ topic, partition }, [
        { key: message.key, value: message.value, headers: [...message.headers], timestamp },
      ]);
    }
  }

  read<Value>(topic: string | TypedTopic<Value>): ConsumerMessage[] | TypedRecord<Value>[] {
    const name = nameOf(topic);
    const came = this.#cameIn(name);
    const found = came.slice(this.#read.get(name) ?? 0);
    this.#read.set(name, came.length);
    return readRecords(topic, found);
  }

  latest<Value>(topic: string | TypedTopic<Value>): Map<string, ConsumerMessage> | Map<string, Value> {
    const latest = new Map<string, ConsumerMessage>();
    for (const message of this.#cameIn(nameOf(topic))) {
      if (message.keyText === null) continue;
      latest.delete(message.keyText);
      if (message.value !== null) latest.set(message.keyText, message);
    }
    if (typeof topic === 'string') return latest;
    return new Map([...latest].map(([key, message]) => [key, topic.decode(message)] as const));
  }

  clear(): void {
    for (const [topic, came] of this.#came) this.#read.set(topic, came.length);
  }

  committed(topicProcessorName: string): PartitionOffset[] {
    return this.kafka.offsets
      .all(groupIdOf(topicProcessorName))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  #partitionOf({ topic, key = null, partition }: ProducerMessage): number {
    const count = this.#made(topic);
    if (partition !== undefined) {
      if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
      throw new ConfigError(
        [
          `topic '${topic}' has partitions 0 to ${count - 1}, not ${show(partition)}: say how many it has with the option topics`,
        ],
        { what },
      );
    }
    if (key !== null) return partitioners.murmur2(Buffer.from(key), count);
    const next = this.#next.get(topic) ?? 0;
    this.#next.set(topic, (next + 1) % count);
    return next;
  }

  #cameIn(topic: string): ConsumerMessage[] {
    let came = this.#came.get(topic);
    if (came === undefined) this.#came.set(topic, (came = []));
    return came;
  }

  /** Makes the topic if need be. @returns how many partitions it has */
  #made(topic: string): number {
    const problem = topicNameProblem(topic);
    if (problem !== undefined) throw new ConfigError([`topic ${problem}`], { what });
    const known = this.kafka.topics.partitionCount(topic);
    if (known === undefined) this.kafka.createTopic(topic, this.#partitions);
    return known ?? this.#partitions;
  }
}

/** The records as they are, or, of a topic with a type, their keys as text and their values. */
export function readRecords<Value>(
  topic: string | TypedTopic<Value>,
  records: ConsumerMessage[],
): ConsumerMessage[] | TypedRecord<Value>[] {
  if (typeof topic === 'string') return records;
  return records.map((message) => ({
    key: message.keyText,
    value: message.value === null ? null : topic.decode(message),
  }));
}

const what = 'TestHarness';

/** A fake Kafka that tells of each record that comes. */
class NotingKafka extends FakeKafka {
  readonly #onRecord: (message: ConsumerMessage) => void;

  constructor(onRecord: (message: ConsumerMessage) => void) {
    super();
    this.#onRecord = onRecord;
  }

  override appendAll(at: TopicPartition, records: readonly MessageParts[]): void {
    const log = this.log(at);
    const first = log.end;
    super.appendAll(at, records);
    for (let offset = first; offset < log.end; offset++) {
      const message = log.messages.get(offset);
      if (message !== undefined) this.#onRecord(message);
    }
  }

  override showAll(messages: readonly ConsumerMessage[]): void {
    super.showAll(messages);
    for (const message of messages) this.#onRecord(message);
  }
}

function nameOf(topic: string | { readonly name: string }): string {
  return typeof topic === 'string' ? topic : topic.name;
}

/** @throws ConfigError */
function checkCount(name: string, count: number): void {
  if (Number.isInteger(count) && count > 0) return;
  throw new ConfigError([`${name} must be a whole number from 1, not ${show(count)}`], { what });
}
