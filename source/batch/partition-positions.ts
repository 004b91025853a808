import type { PartitionDelivery } from '../delivery/delivery.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import type { TopicPosition } from './batcher.ts';

/**
 * Positions of one partition that do not come from a batch: those that moved past markers or gaps
 * only, and those that went back.
 */
export class PartitionPositions {
  readonly #partition: number;
  readonly #delivery: PartitionDelivery;
  /** Of topics of which nothing waits or is in process. */
  readonly #idle = new Map<string, TopicPosition>();
  /**
   * Of topics that went back while a batch was in process: its own positions no longer count, these
   * do.
   */
  readonly #rewinds = new Map<string, TopicPosition>();

  #hasBatch = false;

  constructor(partition: number, delivery: PartitionDelivery) {
    this.#partition = partition;
    this.#delivery = delivery;
  }

  /** A topic moved, and none of its messages waits. */
  moved(position: TopicPosition): void {
    this.#idle.set(position.topic, position);
  }

  /** A topic goes back. With a batch in process that takes effect when the batch is done. */
  wentBack(position: TopicPosition): void {
    this.#idle.delete(position.topic);
    if (this.#hasBatch) this.#rewinds.set(position.topic, position);
    else this.#delivery.rewind(this.#toCommit(position));
  }

  /** What of the positions of a batch that is done may still be committed. */
  ofBatch(positions: readonly TopicPosition[]): StartPosition[] {
    return positions
      .filter(({ topic }) => !this.#rewinds.has(topic))
      .map((position) => this.#toCommit(position));
  }

  batchBegins(): void {
    this.#hasBatch = true;
  }

  /** The batch in process has offered its positions. */
  batchDone(): void {
    this.#hasBatch = false;
    for (const position of this.#rewinds.values()) this.#delivery.rewind(this.#toCommit(position));
    this.#rewinds.clear();
    this.offerIdle();
  }

  /** The batch is not in process any more, whether it is done or has failed. */
  batchEnded(): void {
    this.#hasBatch = false;
  }

  /**
   * Commits what moved without messages. No batch is in process, so nothing before it is
   * unfinished.
   */
  offerIdle(): void {
    if (this.#idle.size === 0) return;
    const positions = [...this.#idle.values()].map((position) => this.#toCommit(position));
    this.#idle.clear();
    this.#delivery.advance(positions);
  }

  #toCommit({ topic, nextOffset, leaderEpoch }: TopicPosition): StartPosition {
    return { topic, partition: this.#partition, offset: nextOffset, leaderEpoch };
  }
}
