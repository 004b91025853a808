import type { Config } from '../config/config.ts';
import type { OpenTransaction } from '../kafka/admin.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { EndsReader, LogEnd } from './end-offset-watch.ts';
import type { Logger } from '../kernel/logger.ts';
import { keyOf, listPartitions, type TopicPartition } from '../kernel/topic-partition.ts';
import { messageOf } from '../kernel/thrown-text.ts';
import type { HeldBack } from '../stats.ts';

/** Producers whose transactions are meant to take longer raise `transaction.timeout.ms`. */
const WARN_AFTER_MS = 60_000;
/** This many partitions are named. */
const NAMED = 5;

export interface HeldBackWatchOptions {
  readonly config: Pick<Config, 'clock' | 'heldBackTimeoutMs'>;
  readonly client: Pick<KafkaClient, 'admin'>;
  readonly logger: Logger;
}

interface Held extends TopicPartition {
  /** The last stable offset, which does not move. */
  readonly offset: number;
  readonly since: number;
  seenAt: number;
  isReported: boolean;
  producerIds: readonly number[];
}

/**
 * Notices transactions of other producers that stay open: readers of committed records see nothing
 * of what lies behind them, and no lag. The ends that brokers report show them: the last stable
 * offset is the same as before, and the high watermark beyond it both times.
 */
export class HeldBackWatch implements EndsReader {
  readonly #options: HeldBackWatchOptions;
  readonly #held = new Map<string, Held>();
  #stopped = false;

  constructor(options: HeldBackWatchOptions) {
    this.#options = options;
  }

  /** Undefined while nothing is held back. */
  of(at: TopicPartition): HeldBack | undefined {
    if (this.#held.size === 0) return undefined;
    const held = this.#held.get(keyOf(at));
    if (held === undefined || held.seenAt === held.since) return undefined;
    const { offset, since, seenAt, producerIds } = held;
    return { ms: seenAt - since, offset, producerIds };
  }

  /** Takes what brokers have just reported of all partitions, as readers of committed records see. */
  look(ends: readonly LogEnd[]): void {
    const { config, logger } = this.#options;
    const now = config.clock.now();
    const ended: TopicPartition[] = [];
    for (const { topic, partition, visibleEnd, highWatermark } of ends) {
      const key = keyOf({ topic, partition });
      const held = this.#held.get(key);
      if (held?.offset === visibleEnd && highWatermark > visibleEnd) {
        held.seenAt = now;
        continue;
      }
      if (held?.isReported === true) ended.push(held);
      if (highWatermark <= visibleEnd) this.#held.delete(key);
      else this.#held.set(key, newHeld({ topic, partition, offset: visibleEnd, now }));
    }
    if (ended.length > 0)
      logger.info('Records are no longer held back by a transaction', { partitions: listPartitions(ended) });
    const warnAfterMs = Math.min(WARN_AFTER_MS, config.heldBackTimeoutMs);
    const overdue = [...this.#held.values()].filter(
      ({ isReported, since, seenAt }) => !isReported && seenAt - since >= warnAfterMs,
    );
    if (overdue.length > 0) void this.#report(overdue);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #report(overdue: readonly Held[]): Promise<void> {
    for (const held of overdue) held.isReported = true;
    const [first] = overdue;
    if (first === undefined) return;
    const producers = await this.#producersOf(overdue);
    if (this.#stopped) return;
    const { topic, partition, offset, since, seenAt } = first;
    this.#options.logger.warn(
      'A transaction of another producer stays open: records from there on are held back from readers of committed records, and are no lag. If its producer is gone, kafka-transactions.sh abort ends it',
      {
        partitions: listPartitions(overdue),
        forMs: seenAt - since,
        producers,
        toAbort: `--topic ${topic} --partition ${partition} --start-offset ${offset}`,
      },
    );
  }

  /** Whose transactions they are, as far as brokers say. */
  async #producersOf(overdue: readonly Held[]): Promise<string> {
    let open: readonly OpenTransaction[] | undefined;
    try {
      open = await this.#options.client.admin().openTransactions(overdue);
    } catch (error) {
      return `not known: ${messageOf(error)}`;
    }
    if (open === undefined) return 'not known: the brokers are older than Kafka 2.8';
    for (const held of overdue)
      held.producerIds = open
        .filter(({ topic, partition }) => topic === held.topic && partition === held.partition)
        .map(({ producerId }) => producerId);
    return open
      .slice(0, NAMED)
      .map((each) => `${each.producerId} in ${keyOf(each)} from ${each.firstOffset} on`)
      .join(', ');
  }
}

function newHeld({
  topic,
  partition,
  offset,
  now,
}: TopicPartition & { readonly offset: number; readonly now: number }): Held {
  return { topic, partition, offset, since: now, seenAt: now, isReported: false, producerIds: [] };
}
