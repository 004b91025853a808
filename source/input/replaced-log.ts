import type { RunContext } from '../config/run-context.ts';
import type { OutOfRange, PartitionSource } from '../kafka/source.ts';
import { askLogEnds } from './log-ends.ts';
import type { PartitionProgress } from './partition-progress.ts';
import { resetPosition } from './reset-position.ts';

/**
 * What is done when a log is not, or is no longer, the one that was to be read: the position is out
 * of its range, it was truncated, or the topic was deleted and recreated. `onOffsetOutOfRange`
 * decides.
 */
export class ReplacedLog {
  readonly #run: RunContext;
  readonly #source: PartitionSource;

  constructor(run: RunContext, source: PartitionSource) {
    this.#run = run;
    this.#source = source;
  }

  /**
   * The position is not in the log. Returns where to continue.
   *
   * @throws OffsetOutOfRangeError with `onOffsetOutOfRange: 'fail'`, or if a bounded run can never
   *   reach its end
   */
  outOfRange(log: FollowedLog, told: OutOfRange): number {
    const { config, logger } = this.#run;
    const { progress } = log;
    const at = progress.isOtherTopic(told.topicId) ? { ...told, reason: 'recreated' as const } : told;
    const short = progress.fallsShort(at.earliest, at.latest);
    if (short !== undefined) throw short;
    const offset = resetPosition(config, at);
    logger.warn(`Offset out of range; continuing at '${config.onOffsetOutOfRange}'`, {
      ...at,
      continuesAt: offset,
    });
    progress.reset(offset, at);
    // Nothing that was read of a topic that is gone says where its successor was read.
    const isNewTopic = at.reason === 'recreated';
    const direction = offset < at.offset || isNewTopic ? 'backwards' : 'forwards';
    log.continueAt(offset, { direction, isNewTopic });
    return offset;
  }

  /**
   * The log seems to end before the end that a bounded run is to reach. A leader that has just been
   * elected may say so for a moment, until it knows the high watermark, so it is asked by
   * ListOffsets, which waits for that.
   */
  async checkShort({ progress }: FollowedLog): Promise<void> {
    if (progress.isChecked) return;
    progress.isChecked = true;
    const { client, closing, reports } = this.#run;
    try {
      const { earliest, latest } = await askLogEnds(client, progress);
      const short = progress.fallsShort(earliest, latest);
      if (short !== undefined) reports.failed(short);
    } catch (error) {
      if (!closing.aborted) reports.failed(error);
    } finally {
      progress.isChecked = false;
    }
  }

  /** A topic was deleted and recreated: its offsets mean other records now. */
  recreated(log: FollowedLog, topicId: string | undefined): void {
    const { progress } = log;
    if (progress.isLost) return;
    progress.isLost = true;
    const { closing, reports } = this.#run;
    this.#continueIn(log, topicId)
      .catch((error: unknown) => {
        if (!closing.aborted) reports.failed(error);
      })
      .finally(() => {
        progress.isLost = false;
      });
  }

  async #continueIn(log: FollowedLog, topicId: string | undefined): Promise<void> {
    const { client, closing } = this.#run;
    const { progress } = log;
    const { topic, partition } = progress;
    const { earliest, latest } = await askLogEnds(client, progress);
    // The source may have met the new log meanwhile, and asked where to continue.
    if (closing.aborted || !progress.isOtherTopic(topicId)) return;
    const at = { topic, partition, offset: progress.position, earliest, latest, topicId };
    const offset = this.outOfRange(log, { ...at, reason: 'recreated' });
    progress.epoch = this.#source.seek({ topic, partition }, offset);
  }
}

/** A log that is read, and may be replaced meanwhile. */
export interface FollowedLog {
  readonly progress: PartitionProgress;
  /** Reading continues at another offset. */
  continueAt(offset: number, how: Continuation): void;
}

/** How reading continues at another offset. */
export interface Continuation {
  /**
   * Backwards: what was read before does not count any more, nor says where the log is read now.
   */
  readonly direction: 'forwards' | 'backwards';
  /** Whether the offset is in a topic that was recreated. */
  readonly isNewTopic: boolean;
}
