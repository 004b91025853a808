import type { Assignment } from '../assignment/assignment.ts';
import { stillOwned } from '../assignment/ownership-guard.ts';
import type { RunContext } from '../config/run-context.ts';
import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { TransactionalProducer } from '../kafka/transactions.ts';
import type { Timer } from '../kernel/clock.ts';
import { AssignmentError, ConfigError, KasperError, LifecycleError } from '../kernel/errors.ts';
import { someOf } from '../kernel/some-of.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { DecidedPosition, Delivery, PartitionDelivery } from './delivery.ts';
import { ExactlyOncePartition } from './exactly-once-partition.ts';
import { Transaction } from './transaction.ts';

/**
 * The outputs of a batch and its offsets become visible together, or not at all: each input
 * partition has a transactional id of its own, and each batch a transaction. Whoever takes the id
 * keeps out who had it before, so that no two owners ever both commit.
 */
export class ExactlyOnce implements Delivery {
  readonly #context: Omit<RunContext, 'closing'>;
  readonly #assignment: Pick<Assignment, 'guard' | 'offsets'>;
  readonly #partitions = new Map<number, ExactlyOncePartition>();
  readonly #producers: TransactionalProducer[] = [];
  #refreshTimer: Timer | undefined;
  #closed = false;

  constructor(context: Omit<RunContext, 'closing'>, assignment: Pick<Assignment, 'guard' | 'offsets'>) {
    this.#context = context;
    this.#assignment = assignment;
    context.logger.info(
      "delivery: 'exactly-once' covers what batches send, with their offsets, for readers with read_committed; stores, calls of other systems and logs are not part of it",
      { transactionTimeoutMs: context.config.transactionTimeoutMs },
    );
  }

  async open(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const { guard, offsets } = this.#assignment;
    // Taking an id aborts what its owner has open: not before it is certain that nobody has it.
    await stillOwned(guard);
    await this.#refuseMembers();
    for (const { partition } of partitions) {
      if (!this.#partitions.has(partition)) this.#partitions.set(partition, this.#newPartition(partition));
    }
    await Promise.all([...this.#partitions.values()].map((partition) => partition.take()));
    await this.#refuseMembers();
    return offsets.fetch(partitions, { stable: true });
  }

  async start(positions: readonly DecidedPosition[]): Promise<void> {
    for (const [number, partition] of this.#partitions)
      partition.start(positions.filter((position) => position.partition === number));
    await this.settled();
    if (!this.#closed) this.#refreshLater();
  }

  of(partition: number): PartitionDelivery {
    const found = this.#partitions.get(partition);
    if (found === undefined) throw new LifecycleError(`Partition ${partition} was not opened`);
    return found;
  }

  committed({ topic, partition }: TopicPartition): number | undefined {
    return this.#partitions.get(partition)?.committed(topic);
  }

  movedAt({ topic, partition }: TopicPartition): number | undefined {
    return this.#partitions.get(partition)?.movedAt(topic);
  }

  async settled(): Promise<void> {
    const settled = [...this.#partitions.values()].map((partition) => partition.settled());
    const results = await Promise.allSettled(settled);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
  }

  async closeSink(): Promise<void> {
    const { clock, closeTimeoutMs } = this.#context.config;
    const aborts = [...this.#partitions].map(([number, partition]) => this.#abort(number, partition));
    await new Promise<void>((resolve) => {
      // What remains of the time is for the claims.
      const limit = clock.after(closeTimeoutMs / 2, resolve);
      // None of them rejects.
      void Promise.all(aborts).then(() => {
        limit.cancel();
        resolve();
      });
    });
    await Promise.all(this.#producers.map((producer) => producer.close()));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#refreshTimer?.cancel();
    for (const partition of this.#partitions.values()) partition.close();
  }

  #newPartition(partition: number): ExactlyOncePartition {
    const { config, client, reports, logger } = this.#context;
    const { groupId, clock, commitTimeoutMs, retryTimeoutMs, transactionTimeoutMs, compression } = config;
    const { offsets, guard } = this.#assignment;
    const producer = client.transactionalProducer?.({
      transactionalId: `${groupId}-${partition}`,
      transactionTimeoutMs,
      commitTimeoutMs,
      retryTimeoutMs,
      compression,
      topicRefreshMs: config.offsetRefreshMs,
    });
    if (producer === undefined) {
      throw new ConfigError(
        [
          "delivery: 'exactly-once' needs a client with the method transactionalProducer, which this one has not",
        ],
        { what: 'TopicProcessor options' },
      );
    }
    this.#producers.push(producer);
    const shared = { producer, guard, clock, commitTimeoutMs, reports };
    const transaction = new Transaction({
      ...shared,
      partition,
      groupId,
      offsets,
      retryTimeoutMs,
      logger: logger.child({ partition }),
    });
    const { maxUncommittedRecords, commitMetadata } = config;
    return new ExactlyOncePartition({
      ...shared,
      transaction,
      maxUncommittedRecords,
      commitMetadata,
    });
  }

  async #abort(number: number, partition: ExactlyOncePartition): Promise<void> {
    try {
      await partition.abort();
    } catch (error) {
      // The other owner has aborted it.
      if (KasperError.is(error) && error.code === 'FENCED') return;
      const { logger, config } = this.#context;
      const { transactionTimeoutMs } = config;
      const said = 'A transaction could not be aborted; readers of its outputs wait until its time is over';
      logger.warn(said, { partition: number, transactionTimeoutMs, error });
    }
  }

  /**
   * Offsets that are committed in a transaction are taken also while consumers are members of the
   * group, who then process the same records.
   */
  async #refuseMembers(): Promise<void> {
    const { config, client } = this.#context;
    const { state, members } = await client.describeGroup(config.groupId);
    if (members.length === 0) return;
    const names = members.map(({ clientId, host }) => `${clientId} at ${host}`);
    throw new AssignmentError(
      `Group ${config.groupId} has active members (state ${state}): ${someOf(names).join(', ')}. ` +
        'They would process the same records: stop these consumers, or use another topicProcessorName.',
    );
  }

  #refreshLater(): void {
    const { clock, offsetRefreshMs } = this.#context.config;
    this.#refreshTimer = clock.after(offsetRefreshMs, () => {
      for (const partition of this.#partitions.values()) partition.refresh();
      this.#refreshLater();
    });
  }
}
