import type { Assignment } from '../assignment/assignment.ts';
import { stillOwned, type OwnershipGuard } from '../assignment/ownership-guard.ts';
import type { RunContext } from '../config/run-context.ts';
import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import type { RecordSink } from '../kafka/sink.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type {
  BatchDelivery,
  BatchOutput,
  DecidedPosition,
  Delivery,
  FinishedWork,
  PartitionDelivery,
} from './delivery.ts';
import { OffsetCommitter } from './offset-committer.ts';

/**
 * Outputs first, then the offsets: after a crash the batches that were not committed are processed
 * again, and none is lost. All partitions share one sink and one committer, so that one commit
 * request holds the positions of all.
 */
export class AtLeastOnce implements Delivery {
  readonly #assignment: Pick<Assignment, 'guard' | 'offsets'>;
  readonly #maxUncommittedRecords: number;
  readonly #sink: RecordSink;
  readonly #committer: OffsetCommitter;

  constructor(
    { config, client, logger, reports }: Omit<RunContext, 'closing'>,
    assignment: Pick<Assignment, 'guard' | 'offsets'>,
  ) {
    this.#assignment = assignment;
    const { clock, commitTimeoutMs, offsetRefreshMs, commitMetadata } = config;
    this.#maxUncommittedRecords = config.maxUncommittedRecords;
    const { guard, offsets } = assignment;
    const times = { clock, commitTimeoutMs, offsetRefreshMs };
    this.#committer = new OffsetCommitter({ offsets, guard, logger, reports, commitMetadata, ...times });
    this.#sink = client.sink({
      idempotent: config.idempotent,
      compression: config.compression,
      retryTimeoutMs: config.retryTimeoutMs,
      topicRefreshMs: offsetRefreshMs,
      onRepeated: (records) => {
        reports.repeated(records);
      },
    });
  }

  open(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return this.#assignment.offsets.fetch(partitions);
  }

  async start(positions: readonly DecidedPosition[]): Promise<void> {
    const committer = this.#committer;
    for (const position of positions) if (position.isCommitted) committer.adopt(position);
    committer.rewind(...positions.filter(({ isCommitted }) => !isCommitted));
    await committer.settled();
    if (!committer.isClosed) committer.startRefresh();
  }

  of(partition: number): PartitionDelivery {
    return new AtLeastOncePartition(partition, {
      sink: this.#sink,
      committer: this.#committer,
      guard: this.#assignment.guard,
      maxUncommittedRecords: this.#maxUncommittedRecords,
    });
  }

  committed(at: TopicPartition): number | undefined {
    return this.#committer.committed(at);
  }

  movedAt(at: TopicPartition): number | undefined {
    return this.#committer.movedAt(at);
  }

  settled(): Promise<void> {
    return this.#committer.settled();
  }

  closeSink(): Promise<void> {
    return this.#sink.close();
  }

  get isClosed(): boolean {
    return this.#committer.isClosed;
  }

  close(): void {
    this.#committer.close();
  }
}

interface Shared {
  readonly sink: RecordSink;
  readonly committer: OffsetCommitter;
  readonly guard: OwnershipGuard;
  readonly maxUncommittedRecords: number;
}

/** Nothing is kept from batch to batch, so it is the delivery of each batch as well. */
class AtLeastOncePartition implements PartitionDelivery, BatchDelivery {
  readonly sink: RecordSink;
  readonly overlapsFlush = true;
  readonly isCommitted = false;
  readonly #partition: number;
  readonly #committer: OffsetCommitter;
  readonly #guard: OwnershipGuard;
  readonly #maxUncommittedRecords: number;

  constructor(partition: number, { sink, committer, guard, maxUncommittedRecords }: Shared) {
    this.sink = sink;
    this.#partition = partition;
    this.#committer = committer;
    this.#guard = guard;
    this.#maxUncommittedRecords = maxUncommittedRecords;
  }

  begin(): BatchDelivery {
    return this;
  }

  flush(outputs: readonly BatchOutput[]): Promise<void> | undefined {
    return outputs.some(({ count }) => count > 0) ? this.#flush(outputs) : undefined;
  }

  async #flush(outputs: readonly BatchOutput[]): Promise<void> {
    for (const output of outputs) await output.flushNow();
  }

  commit(work: FinishedWork): Promise<void> | undefined {
    if (work.durables.length > 0) return this.#recordAndOffer(work);
    this.#offer(work);
    return undefined;
  }

  async #recordAndOffer(work: FinishedWork): Promise<void> {
    for (const record of work.durables) {
      // Another owner may have come meanwhile: nothing of this batch is to overwrite what it wrote.
      await stillOwned(this.#guard);
      await record();
    }
    this.#offer(work);
  }

  #offer({ records, positions, onCommitted }: FinishedWork): void {
    this.#committer.offer({ partition: this.#partition, positions: positions(), records, onCommitted });
  }

  hasRoom(records: number): boolean {
    return this.#committer.hasRoom(this.#partition, records, this.#maxUncommittedRecords);
  }

  room(records: number): Promise<void> {
    return this.#committer.room(this.#partition, records, this.#maxUncommittedRecords);
  }

  advance(positions: readonly StartPosition[]): void {
    this.#committer.offer({ partition: this.#partition, positions, records: 0 });
  }

  rewind(position: StartPosition): void {
    this.#committer.rewind(position);
  }

  acked(): Promise<void> {
    return this.#committer.acked(this.#partition);
  }

  stored(topic: string): Promise<void> {
    return this.#committer.stored({ topic, partition: this.#partition });
  }
}
