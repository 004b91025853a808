import { BrokerError } from '../../kernel/errors.ts';
import { keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';
import { FakeLog } from './fake-log.ts';

/** The topics of a fake cluster, their ids, and the logs of their partitions. */
export class FakeTopics {
  readonly #counts = new Map<string, number>();
  readonly #ids = new Map<string, string>();
  readonly #logs = new Map<string, FakeLog>();
  #created = 0;

  /** Creates a topic, or recreates it: empty, with another id. */
  create(topic: string, partitionCount: number): void {
    this.#counts.set(topic, partitionCount);
    this.#ids.set(topic, (++this.#created).toString(16).padStart(32, '0'));
    for (let partition = 0; partition < partitionCount; partition++)
      this.#logs.set(keyOf({ topic, partition }), new FakeLog());
  }

  /** Its logs stay, for readers that are there. */
  delete(topic: string): void {
    this.#counts.delete(topic);
  }

  /** Gives it this many partitions in all; those that it has stay as they are. */
  grow(topic: string, partitionCount: number): void {
    this.#counts.set(topic, partitionCount);
    for (let partition = 0; partition < partitionCount; partition++) {
      const key = keyOf({ topic, partition });
      if (!this.#logs.has(key)) this.#logs.set(key, new FakeLog());
    }
  }

  /** Sorted. */
  names(): string[] {
    return [...this.#counts.keys()].sort();
  }

  partitionCount(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  id(topic: string): string | undefined {
    return this.#ids.get(topic);
  }

  /** @throws BrokerError if there is none */
  log(partition: TopicPartition): FakeLog {
    const log = this.#logs.get(keyOf(partition));
    if (log !== undefined) return log;
    throw new BrokerError(`${keyOf(partition)} does not exist`, {
      brokerCode: 3,
      brokerError: 'UNKNOWN_TOPIC_OR_PARTITION',
      retriable: false,
    });
  }
}
