import type { Config } from '../config/config.ts';
import { LifecycleError } from '../kernel/errors.ts';
import { unlimited } from '../kernel/limit-repeats.ts';
import type { Logger } from '../kernel/logger.ts';
import { textOf } from '../kernel/thrown-text.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { MessageProcessor } from '../message-processor.ts';
import type { ReleaseStack } from './release-stack.ts';

/** The MessageProcessors of a run, and their life: init, onAssigned, onRevoked and close. */
export class UserProcessors {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #byPartition: ReadonlyMap<number, MessageProcessor>;
  /** Those whose partitions were given to them. */
  readonly #assigned = new Set<MessageProcessor>();

  constructor(config: Config, byPartition: ReadonlyMap<number, MessageProcessor>, logger: Logger) {
    this.#config = config;
    this.#log = unlimited(logger);
    this.#byPartition = byPartition;
  }

  /** Each one once, even if it has several partitions. */
  get all(): ReadonlySet<MessageProcessor> {
    return new Set(this.#byPartition.values());
  }

  /**
   * Begins with one of them, and gives it those of `partitions` that are its own.
   *
   * @throws LifecycleError with the cause
   */
  async init(processor: MessageProcessor, partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await processor.init?.({ stores: this.#config.stores, logger: this.#log });
      this.#assigned.add(processor);
      await processor.onAssigned?.(this.#ownOf(processor, partitions));
    } catch (cause) {
      throw new LifecycleError(`init or onAssigned of the MessageProcessor failed: ${textOf(cause)}`, {
        cause,
      });
    }
  }

  /** Takes `partitions` from all processors that they were given to, even if one fails. */
  async revoked(
    partitions: readonly TopicPartition[],
    closing: Pick<ReleaseStack, 'attempt'>,
  ): Promise<void> {
    for (const processor of this.#assigned) {
      await closing.attempt('onRevoked of the MessageProcessor failed', () =>
        processor.onRevoked?.(this.#ownOf(processor, partitions)),
      );
    }
  }

  /** Closes all of them, even if one fails. */
  async close(closing: Pick<ReleaseStack, 'attempt'>): Promise<void> {
    for (const processor of this.all)
      await closing.attempt('close of the MessageProcessor failed', () => processor.close?.());
  }

  #ownOf(processor: MessageProcessor, partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    return partitions
      .filter(({ partition }) => this.#byPartition.get(partition) === processor)
      .map(({ topic, partition }) => ({ topic, partition }));
  }
}
