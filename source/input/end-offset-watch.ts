import type { Config } from '../config/config.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { PartitionOffset } from '../kafka/log-position.ts';
import type { Timer } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** Where the log of one topic-partition ends. */
export interface LogEnd extends TopicPartition {
  /** The end that the isolation of the run can see. */
  readonly visibleEnd: number;
  readonly highWatermark: number;
}

/** Takes answers of one question. */
export type TakeEnds = (ends: readonly LogEnd[]) => void;

/** Whose ends are asked for. */
export interface WatchedLogs {
  /** A question goes out; what this returns takes the answer. */
  expectEnds(): TakeEnds;
}

/** Reads each answer. */
export interface EndsReader {
  look(ends: readonly LogEnd[]): void;
  /** Nothing more comes. */
  stop(): void;
}

export interface EndOffsetWatchOptions {
  readonly config: Config;
  readonly client: Pick<KafkaClient, 'listOffsets'>;
  readonly logger: Logger;
  readonly partitions: readonly TopicPartition[];
  readonly logs: WatchedLogs;
  readonly heldBack: EndsReader;
}

/** A failure that lasts is logged this often. */
const WARN_EVERY_MS = 60_000;

/**
 * Asks each `metricsUpdateMs` where the logs end (ListOffsets), since fetches do not show it for
 * partitions that are paused, or that brokers do not serve: the lag of a partition that is stuck
 * keeps rising. One question at a time. It never ends a run: whether the cluster can be reached
 * is judged where records are read.
 */
export class EndOffsetWatch {
  readonly #options: EndOffsetWatchOptions;
  #timer: Timer | undefined;
  #stopped = false;
  #answeredAt: number | undefined;
  #unansweredSince: number | undefined;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(options: EndOffsetWatchOptions) {
    this.#options = options;
  }

  /** When brokers last reported the ends, in ms since 1970. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  /**
   * Since when there is a question without an answer, on the monotonic clock; undefined if there is
   * none.
   */
  get unansweredSince(): number | undefined {
    return this.#unansweredSince;
  }

  start(): void {
    const { clock, metricsUpdateMs } = this.#options.config;
    this.#timer = clock.after(metricsUpdateMs, () => void this.#ask());
  }

  stop(): void {
    this.#stopped = true;
    this.#unansweredSince = undefined;
    this.#options.heldBack.stop();
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const { config, logger, logs } = this.#options;
    this.#unansweredSince ??= config.clock.now();
    const take = logs.expectEnds();
    try {
      const ends = await this.#ends();
      if (this.#stopped) return;
      this.#unansweredSince = undefined;
      this.#answeredAt = config.clock.wallNow();
      take(ends);
      this.#options.heldBack.look(ends);
    } catch (error) {
      const now = config.clock.now();
      if (!this.#stopped && now - this.#warnedAt >= WARN_EVERY_MS) {
        this.#warnedAt = now;
        logger.warn('The ends of the logs could not be asked for: the lag is as it was known last', {
          error,
        });
      }
    }
    if (!this.#stopped) this.start();
  }

  async #ends(): Promise<LogEnd[]> {
    const { client, config, partitions } = this.#options;
    const ask = (isolation: Config['isolation']) => client.listOffsets('latest', partitions, isolation);
    // The end that read_committed sees is the last stable offset; the high watermark is another
    // question.
    const [highWatermarks, stable] = await Promise.all([
      ask('read_uncommitted'),
      config.isolation === 'read_committed' ? ask('read_committed') : undefined,
    ]);
    return partitions.flatMap(({ topic, partition }, at) => {
      const highWatermark: PartitionOffset | undefined = highWatermarks[at];
      const visible = (stable ?? highWatermarks)[at];
      if (highWatermark === undefined || visible === undefined) return [];
      const visibleEnd = visible.offset;
      // The two were answered one after the other: the log may have grown between.
      return [{ topic, partition, visibleEnd, highWatermark: Math.max(highWatermark.offset, visibleEnd) }];
    });
  }
}
