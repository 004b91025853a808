import type { OffsetToCommit } from '../../kafka/group-offsets.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { keyOf } from '../../kernel/topic-partition.ts';
import type { FakeLog } from './fake-log.ts';
import { makeMessage, type MessageParts } from './fake-message.ts';
import type { FakeOffsets } from './fake-offsets.ts';
import type { FakeCall } from './fake-requests.ts';
import type { ConsumerMessage } from '../../message.ts';

/** What transactions write to. */
export interface TransactionalCluster {
  readonly offsets: FakeOffsets;
  readonly calls: FakeCall[];
  log(partition: TopicPartition): FakeLog;
  /** Records become visible, where they are in their logs. */
  showAll(messages: readonly ConsumerMessage[]): void;
  wakeSources(): void;
}

/** What one transaction has written, and not committed. */
interface OpenTransaction {
  readonly partitions: Map<string, TopicPartition>;
  readonly messages: ConsumerMessage[];
  readonly offsets: { readonly groupId: string; readonly offsets: readonly OffsetToCommit[] }[];
}

interface TransactionalId {
  epoch: number;
  /** The epoch whose transaction was aborted since its time was over; its owner may ask for another. */
  timedOut: number | undefined;
  open: OpenTransaction | undefined;
}

/** The transactional ids of a fake cluster: their epochs, and what is open of each. */
export class FakeTransactions {
  readonly #cluster: TransactionalCluster;
  readonly #ids = new Map<string, TransactionalId>();

  constructor(cluster: TransactionalCluster) {
    this.#cluster = cluster;
  }

  /** Whether this epoch is that of the owner of now. */
  owns(id: string, epoch: number): boolean {
    return this.#ids.get(id)?.epoch === epoch;
  }

  /** Whether a transaction of the id is open. */
  isOpen(id: string): boolean {
    return this.#ids.get(id)?.open !== undefined;
  }

  /** Gives the id to whoever asks, under the next epoch; what is open is aborted. */
  take(id: string): number {
    const known = this.#ids.get(id) ?? { epoch: 0, timedOut: undefined, open: undefined };
    this.#ids.set(id, known);
    this.end(id, 'aborted');
    known.timedOut = undefined;
    return ++known.epoch;
  }

  /** The coordinator aborts what is open of an id, as when its time is over: its owner has to ask for a new epoch. */
  timeOut(id: string): void {
    const known = this.#ids.get(id);
    if (known?.open === undefined) return;
    const { epoch } = known;
    this.take(id);
    known.timedOut = epoch;
  }

  /** Whether the transaction of this epoch was aborted since its time was over, and nobody has the id. */
  timedOut(id: string, epoch: number): boolean {
    return this.#ids.get(id)?.timedOut === epoch;
  }

  /** The partitions that the transaction writes to. The first ones begin it. */
  add(id: string, partitions: readonly TopicPartition[]): void {
    const open = this.#opened(id);
    for (const at of partitions) {
      open.partitions.set(keyOf(at), at);
      const log = this.#cluster.log(at);
      if (!log.openFrom.has(id)) log.openFrom.set(id, log.end);
    }
  }

  holds(id: string, at: TopicPartition): boolean {
    return this.#ids.get(id)?.open?.partitions.has(keyOf(at)) === true;
  }

  append(id: string, { topic, partition }: TopicPartition, records: readonly MessageParts[]): void {
    const log = this.#cluster.log({ topic, partition });
    const { messages } = this.#opened(id);
    for (const parts of records)
      messages.push(makeMessage({ ...parts, topic, partition, offset: log.end++ }));
  }

  commitOffsets(id: string, groupId: string, offsets: readonly OffsetToCommit[]): void {
    this.#opened(id).offsets.push({ groupId, offsets });
  }

  /** @returns whether there was one */
  end(id: string, as: 'committed' | 'aborted'): boolean {
    const known = this.#ids.get(id);
    const open = known?.open;
    if (known === undefined || open === undefined) return false;
    known.open = undefined;
    if (as === 'committed') {
      this.#cluster.showAll(open.messages);
      for (const { groupId, offsets } of open.offsets) {
        for (const entry of offsets) this.#cluster.offsets.set(groupId, entry);
        this.#cluster.calls.push({ name: 'committed', groupId, offsets });
      }
    }
    for (const at of open.partitions.values()) {
      const log = this.#cluster.log(at);
      log.openFrom.delete(id);
      log.appendGap(1);
    }
    this.#cluster.wakeSources();
    return true;
  }

  #opened(id: string): OpenTransaction {
    const known = this.#ids.get(id) ?? { epoch: 0, timedOut: undefined, open: undefined };
    this.#ids.set(id, known);
    return (known.open ??= { partitions: new Map(), messages: [], offsets: [] });
  }
}
