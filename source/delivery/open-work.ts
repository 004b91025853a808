import type { StartPosition } from '../kafka/log-position.ts';

/** A batch all of whose records are done: what to commit, and what waits for the ack. */
export interface DoneWork {
  /** The input partition; work of one partition is acked in order. */
  readonly partition: number;
  readonly positions: readonly StartPosition[];
  readonly records: number;
  /** Called once when all positions are committed. Must not throw. */
  readonly onCommitted?: () => void;
}

/** Work that is done and not acked yet, per input partition, oldest first. */
export class OpenWork {
  readonly #ofPartition = new Map<number, DoneWork[]>();

  add(work: DoneWork): void {
    const queue = this.#ofPartition.get(work.partition);
    if (queue === undefined) this.#ofPartition.set(work.partition, [work]);
    else queue.push(work);
  }

  /** The input partitions that ever had work. */
  get partitions(): Iterable<number> {
    return this.#ofPartition.keys();
  }

  isEmpty(partition: number): boolean {
    return (this.#ofPartition.get(partition)?.length ?? 0) === 0;
  }

  records(partition: number): number {
    let records = 0;
    for (const work of this.#ofPartition.get(partition) ?? []) records += work.records;
    return records;
  }

  /**
   * A position goes back: offsets past it will not be committed any more, so that work is acked
   * with this position.
   */
  rewind(position: StartPosition): void {
    const { topic, partition, offset } = position;
    const open = this.#ofPartition.get(partition) ?? [];
    this.#ofPartition.set(
      partition,
      open.map((work) => ({
        ...work,
        positions: work.positions.map((each) =>
          each.topic === topic && each.offset > offset ? position : each,
        ),
      })),
    );
  }

  /** Acks work of a partition, oldest first, as far as all its positions are committed. */
  ack(partition: number, isCommitted: (position: StartPosition) => boolean): void {
    const queue = this.#ofPartition.get(partition);
    while (queue?.[0] !== undefined) {
      const { positions, onCommitted } = queue[0];
      if (!positions.every(isCommitted)) return;
      queue.shift();
      onCommitted?.();
    }
  }
}
