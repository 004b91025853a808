import type { Config } from '../config/config.ts';
import { LifecycleError } from '../kernel/errors.ts';
import { unlimited } from '../kernel/limit-repeats.ts';
import type { Logger } from '../kernel/logger.ts';
import type { MessageProcessor } from '../message-processor.ts';
import { attempt } from './run-failure.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import { textOf } from '../kernel/thrown-text.ts';
import { assignedPartitions } from '../assignment/static/assigned-partitions.ts';

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

  /** Each one once, whatever the number of its partitions. */
  get all(): ReadonlySet<MessageProcessor> {
    return new Set(this.#byPartition.values());
  }

  /** @throws LifecycleError with the cause */
  async init(processor: MessageProcessor): Promise<void> {
    try {
      await processor.init?.({ stores: this.#config.stores, logger: this.#log });
      this.#assigned.add(processor);
      await processor.onAssigned?.(this.#partitionsOf(processor));
    } catch (cause) {
      throw new LifecycleError(`init or onAssigned of the MessageProcessor failed: ${textOf(cause)}`, {
        cause,
      });
    }
  }

  /** Whatever fails, all are revoked and closed. */
  async release(onFailure: (error: unknown) => void): Promise<void> {
    for (const processor of this.#assigned) {
      await attempt(
        'onRevoked of the MessageProcessor failed',
        () => processor.onRevoked?.(this.#partitionsOf(processor)),
        onFailure,
      );
    }
    for (const processor of this.all)
      await attempt('close of the MessageProcessor failed', () => processor.close?.(), onFailure);
  }

  #partitionsOf(processor: MessageProcessor): readonly TopicPartition[] {
    return assignedPartitions(this.#config).filter(
      ({ partition }) => this.#byPartition.get(partition) === processor,
    );
  }
}
