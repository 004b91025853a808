import type { PartitionDelivery } from '../delivery/delivery.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import type { TopicPosition } from './batcher.ts';

/**
 * Positions of one partition that do not come from a batch: those that moved past markers or gaps
 * only, and those that went back. Each counts when the batches that had begun before are done.
 */
export class PartitionPositions {
  readonly #partition: number;
  readonly #delivery: PartitionDelivery;
  /** The newest batch that has begun, counted from 1; 0 before. */
  #begun = 0;
  /** The newest batch that is done; all before it are. */
  #done = 0;
  /** Of topics of which nothing waits. */
  readonly #idle = new Map<string, PositionAfter>();
  /**
   * Of topics that went back while batches were open: their own positions no longer count, these
   * do.
   */
  readonly #rewinds = new Map<string, PositionAfter>();

  constructor(partition: number, delivery: PartitionDelivery) {
    this.#partition = partition;
    this.#delivery = delivery;
  }

  /** A topic moved, and none of its messages waits. */
  moved(position: TopicPosition): void {
    this.#idle.set(position.topic, { position, batch: this.#begun });
  }

  /** A topic goes back. With a batch open that takes effect when the batch is done. */
  wentBack(position: TopicPosition): void {
    this.#idle.delete(position.topic);
    if (this.#done < this.#begun) this.#rewinds.set(position.topic, { position, batch: this.#begun });
    else this.#delivery.rewind(this.#toCommit(position));
  }

  /**
   * Whether the position to which a topic went back is still to be committed: when the batches are
   * done that were open. If one of them fails, it never is.
   */
  isHeldBack(topic: string): boolean {
    return this.#rewinds.has(topic);
  }

  /** What of the positions of a batch that is done may still be committed. */
  ofBatch(batch: number, positions: readonly TopicPosition[]): StartPosition[] {
    return positions
      .filter(({ topic }) => batch > (this.#rewinds.get(topic)?.batch ?? 0))
      .map((position) => this.#toCommit(position));
  }

  /** @returns the number of the batch */
  batchBegins(): number {
    return ++this.#begun;
  }

  /** A batch has offered its positions, and all before it have. */
  batchDone(batch: number): void {
    this.#done = batch;
    for (const position of this.#due(this.#rewinds)) this.#delivery.rewind(position);
    this.offerIdle();
  }

  /** Commits what moved without messages, as far as nothing before it is unfinished. */
  offerIdle(): void {
    if (this.#idle.size === 0) return;
    const positions = this.#due(this.#idle);
    if (positions.length > 0) this.#delivery.advance(positions);
  }

  /** Takes out those that count now. */
  #due(waiting: Map<string, PositionAfter>): StartPosition[] {
    const due: StartPosition[] = [];
    for (const [topic, { position, batch }] of waiting) {
      if (batch > this.#done) continue;
      waiting.delete(topic);
      due.push(this.#toCommit(position));
    }
    return due;
  }

  #toCommit({ topic, nextOffset, leaderEpoch }: TopicPosition): StartPosition {
    return { topic, partition: this.#partition, offset: nextOffset, leaderEpoch };
  }
}

/** A position that counts when a batch is done. */
interface PositionAfter {
  readonly position: TopicPosition;
  readonly batch: number;
}
