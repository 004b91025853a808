import type { Config } from '../config/config.ts';
import type { KafkaClient, OutOfRange, PartitionSource } from '../kafka/client.ts';
import type { KasperError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { askLogEnds } from './log-ends.ts';
import type { PartitionProgress } from './partition-progress.ts';
import { resetPosition } from './reset-position.ts';

export interface OtherLogOptions {
  readonly config: Config;
  readonly client: KafkaClient;
  readonly source: PartitionSource;
  readonly logger: Logger;
  readonly closing: AbortSignal;
  /**
   * Reading goes on from another offset. Backwards: what was read before does not count any more, nor says where the log is read now.
   *
   * @param isNewTopic whether the offset is of a topic that was made anew
   */
  readonly onReset: (
    progress: PartitionProgress,
    offset: number,
    backwards: boolean,
    isNewTopic: boolean,
  ) => void;
  readonly onFailed: (error: KasperError) => void;
}

/**
 * What is done when a log is not, or not any more, the one that was to be read: the position is out of its range, it was cut short, or the topic was deleted
 * and made anew. `onOffsetOutOfRange` decides.
 */
export class OtherLog {
  readonly #options: OtherLogOptions;

  constructor(options: OtherLogOptions) {
    this.#options = options;
  }

  /**
   * The position is not in the log. Returns where to go on.
   *
   * @throws OffsetOutOfRangeError with `onOffsetOutOfRange: 'fail'`, or if a bounded run can never reach its end
   */
  outOfRange(progress: PartitionProgress, told: OutOfRange): number {
    const { config, logger, onReset } = this.#options;
    const at = progress.isOtherTopic(told.topicId) ? { ...told, reason: 'recreated' as const } : told;
    const short = progress.fallsShort(at.earliest, at.latest);
    if (short !== undefined) throw short;
    const offset = resetPosition(config, at);
    logger.warn(`Offset out of range; going on at '${config.onOffsetOutOfRange}'`, {
      ...at,
      goingOnAt: offset,
    });
    progress.reset(offset, at);
    // Nothing that was read of a topic that is gone says where its successor was read.
    const isNewTopic = at.reason === 'recreated';
    onReset(progress, offset, offset < at.offset || isNewTopic, isNewTopic);
    return offset;
  }

  /**
   * The log seems to end before the end that a bounded run is to reach. A leader that has just been elected may say so for a moment, until it knows the
   * high watermark, so it is asked by ListOffsets, which waits for that.
   */
  async checkShort(progress: PartitionProgress): Promise<void> {
    if (progress.isChecked) return;
    progress.isChecked = true;
    const { client, closing, onFailed } = this.#options;
    try {
      const { earliest, latest } = await askLogEnds(client, progress);
      const short = progress.fallsShort(earliest, latest);
      if (short !== undefined) onFailed(short);
    } catch (error) {
      if (!closing.aborted) onFailed(error as KasperError);
    } finally {
      progress.isChecked = false;
    }
  }

  /** A topic was deleted and made anew: its offsets mean other records now. */
  recreated(progress: PartitionProgress, topicId: string | undefined): void {
    if (progress.isLost) return;
    progress.isLost = true;
    const { closing, onFailed } = this.#options;
    this.#goOnIn(progress, topicId)
      .catch((error: unknown) => {
        if (!closing.aborted) onFailed(error as KasperError);
      })
      .finally(() => {
        progress.isLost = false;
      });
  }

  async #goOnIn(progress: PartitionProgress, topicId: string | undefined): Promise<void> {
    const { client, closing, source } = this.#options;
    const { topic, partition } = progress;
    const { earliest, latest } = await askLogEnds(client, progress);
    // The source may have met the new log meanwhile, and asked where to go on.
    if (closing.aborted || !progress.isOtherTopic(topicId)) return;
    const at = { topic, partition, offset: progress.position, earliest, latest, topicId };
    const offset = this.outOfRange(progress, { ...at, reason: 'recreated' });
    progress.epoch = source.seek({ topic, partition }, offset);
  }
}
