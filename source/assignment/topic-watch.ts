import type { Config } from '../config/config.ts';
import type { KafkaClient, TopicDescription } from '../kafka/client.ts';
import type { Timer } from '../kernel/clock.ts';
import { AssignmentError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunReports } from '../run-reports.ts';

/** Who reads the topics. */
export interface FollowedTopics {
  /**
   * Takes note of the id that a topic has now: another one than before means that it was recreated.
   */
  noteTopicId(topic: string, topicId: string): void;
}

export interface TopicWatchOptions {
  readonly config: Config;
  readonly client: KafkaClient;
  readonly logger: Logger;
  /** The topics at the start. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly followed: FollowedTopics;
  readonly reports: Pick<RunReports, 'failed'>;
}

/**
 * Looks at the input topics each `offsetRefreshMs` (Metadata), for what a fetch may not notice: a
 * topic that was recreated, one that was deleted while none of its partitions is fetched, and
 * partitions that were added.
 */
export class TopicWatch {
  readonly #options: TopicWatchOptions;
  /** As each topic was seen last, and with the most partitions of those with its id. */
  readonly #known: Map<string, TopicDescription>;
  readonly #missingSince = new Map<string, number>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: TopicWatchOptions) {
    this.#options = options;
    this.#known = new Map(options.topics);
  }

  start(): void {
    const { clock, offsetRefreshMs } = this.#options.config;
    this.#timer = clock.after(offsetRefreshMs, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { client, config, logger } = this.#options;
    try {
      const found = await client.describeTopics(config.inputTopics);
      if (!this.#stopped) for (const topic of config.inputTopics) this.#judge(topic, found.get(topic));
    } catch (error) {
      // Whether the cluster can be reached is judged where records are read.
      if (!this.#stopped) logger.warn('The input topics could not be looked at', { error });
    }
    if (!this.#stopped) this.start();
  }

  #judge(topic: string, found: TopicDescription | undefined): void {
    if (found === undefined) {
      this.#isMissing(topic);
      return;
    }
    this.#missingSince.delete(topic);
    if (found.topicId !== undefined) this.#options.followed.noteTopicId(topic, found.topicId);
    const known = this.#known.get(topic);
    const before = known?.partitionCount ?? 0;
    // Of the same topic, a broker that is behind may still name the smaller number.
    if (found.topicId !== known?.topicId || found.partitionCount > before) this.#known.set(topic, found);
    if (found.partitionCount <= before) return;
    this.#options.logger.warn(
      'Partitions were added to a topic; nobody reads them until a processor is given their numbers, since the assignment is static',
      { topic, before, now: found.partitionCount },
    );
  }

  /** A broker that has just started may not know a topic for a moment. */
  #isMissing(topic: string): void {
    const { clock, retryTimeoutMs } = this.#options.config;
    const now = clock.now();
    const since = this.#missingSince.get(topic) ?? now;
    this.#missingSince.set(topic, since);
    if (now - since < retryTimeoutMs) return;
    this.#options.reports.failed(
      new AssignmentError(
        `Topic '${topic}' does not exist any more: it was deleted while it was processed. Start again when it is there, with the offsets you want.`,
      ),
    );
  }
}
