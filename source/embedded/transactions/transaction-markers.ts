import type { Clock } from '../../kernel/clock.ts';
import type { Groups } from '../groups/groups.ts';
import type { TransactionMarker } from '../logs/marker-batch.ts';
import { NO_LEADER } from '../logs/partition.ts';
import type { Partition } from '../logs/partition.ts';
import type { Topics } from '../logs/topics.ts';
import { paced } from '../paced.ts';
import type { TransactionalId } from './transactional-id.ts';

const COORDINATOR_EPOCH = 0;

/**
 * Writes the markers that end transactions. A partition without a leader gets its marker when it has
 * one: until then the transaction is ending, and nothing can be added to the next one.
 */
export class TransactionMarkers {
  readonly #clock: Clock;
  readonly #topics: Topics;
  readonly #groups: Groups;
  readonly #watched = new Map<Partition, Set<() => void>>();
  #isClosed = false;

  constructor({ clock, topics, groups }: { clock: Clock; topics: Topics; groups: Groups }) {
    this.#clock = clock;
    this.#topics = topics;
    this.#groups = groups;
  }

  /**
   * Ends a transaction in all that takes part in it: in one turn, or in parts where that takes long.
   *
   * @param done called when the last marker is written, maybe before this returns
   */
  write(transaction: TransactionalId, committed: boolean, done: () => void): void {
    const { producerId, epoch } = transaction;
    const marker = { producerId, epoch, committed, coordinatorEpoch: COORDINATOR_EPOCH };
    for (const groupId of transaction.groups) {
      this.#groups.get(groupId)?.offsets.endTransaction(producerId, committed);
    }
    let waiting = 1;
    const written = () => {
      if (--waiting === 0) done();
    };
    const later = paced([...transaction.partitions.values()], ({ topic, partition }) => {
      const found = this.#isClosed ? undefined : this.#topics.partition(topic, partition);
      if (found === undefined) return;
      waiting++;
      this.#writeOne(found, marker, written);
    });
    if (later === undefined) written();
    else void later.then(written);
  }

  /** No marker is written any more. */
  close(): void {
    this.#isClosed = true;
    for (const [partition, watchers] of this.#watched) {
      for (const watcher of watchers) partition.unwatch(watcher);
    }
    this.#watched.clear();
  }

  #writeOne(partition: Partition, marker: TransactionMarker, written: () => void): void {
    const isWritten = () => {
      if (!partition.deleted) {
        if (partition.leader === NO_LEADER) return false;
        partition.appendMarker(marker, this.#clock.wallNow());
      }
      return true;
    };
    if (isWritten()) {
      written();
      return;
    }
    const changed = () => {
      if (!partition.deleted && partition.leader === NO_LEADER) return;
      partition.unwatch(changed);
      this.#watched.get(partition)?.delete(changed);
      isWritten();
      written();
    };
    const watchers = this.#watched.get(partition) ?? new Set();
    watchers.add(changed);
    this.#watched.set(partition, watchers);
    partition.watch(changed);
  }
}
