import type { Timer } from '../../../kernel/clock.ts';
import { knownPartitionCount, loadOutputTopic } from '../ask/output-topic.ts';
import type { AskLeadersOptions } from '../ask/ask-leaders.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { wrapError } from '../connection/wrap-error.ts';

export interface OutputTopicsOptions extends AskLeadersOptions {
  /** How often the topics are looked at. */
  readonly topicRefreshMs: number;
}

/**
 * The topics that a sink sends to, and how many partitions they have. They are asked for each
 * `topicRefreshMs` (Metadata), so that partitions that were added are used as other producers use
 * them: what chooses another partition for a key is the number of partitions.
 */
export class OutputTopics {
  readonly #cluster: ClusterConnection;
  readonly #options: OutputTopicsOptions;
  /** How many partitions each had when it was looked at last. */
  readonly #counts = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(cluster: ClusterConnection, options: OutputTopicsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** As the cluster described it last; undefined if it is not known, or has an error. */
  partitionCount(topic: string): number | undefined {
    return knownPartitionCount(this.#cluster, topic);
  }

  /** Learns how many partitions a topic has. @throws ProduceError that names the topic */
  async load(topic: string): Promise<number> {
    const count = await loadOutputTopic(this.#cluster, topic, this.#options);
    this.looked(topic);
    return count;
  }

  /** Records of this topic are sent: it is looked at from now on. */
  uses(topic: string): void {
    if (!this.#counts.has(topic)) this.looked(topic);
  }

  /** The metadata of a topic may be newer than before. */
  looked(topic: string): void {
    const now = this.partitionCount(topic);
    // One that is missing is reported where it is sent to.
    if (now === undefined) return;
    const before = this.#counts.get(topic) ?? now;
    this.#counts.set(topic, now);
    this.#timer ??= this.#lookLater();
    if (now > before) {
      this.#cluster.logger.warn(
        'Partitions were added to an output topic, and are used from now on: records of one key may go to another partition than its records before, which stay where they are',
        { topic, before, now },
      );
    } else if (now < before) {
      this.#cluster.logger.warn(
        'An output topic has fewer partitions than before: it was recreated, and records that were sent to the old one are gone',
        { topic, before, now },
      );
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #lookLater(): Timer {
    return this.#cluster.clock.after(this.#options.topicRefreshMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { signal } = this.#options;
    const topics = [...this.#counts.keys()];
    try {
      await this.#cluster.refresh(topics);
      if (!signal.aborted) for (const topic of topics) this.looked(topic);
    } catch (thrown) {
      // Whether the cluster can be reached is judged where records are sent.
      const { message } = wrapError(thrown, 'Metadata of the output topics');
      if (!signal.aborted)
        this.#cluster.logger.warn('The output topics could not be looked at', { error: message });
    }
    if (!signal.aborted) this.#timer = this.#lookLater();
  }
}
