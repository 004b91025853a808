import type { TopicPartition } from './message.ts';
import type { BatchTrigger } from './message-processor.ts';
import type { ProcessorState } from './lifecycle.ts';

/** From where to where one topic-partition was processed and committed. */
export interface PartitionSummary extends TopicPartition {
  /** The first offset of this run. */
  readonly start: number;
  /** The committed offset at the end: the next one to read. */
  readonly end: number;
}

/** What a run did. */
export interface RunSummary {
  /** Messages processed and committed. */
  readonly records: number;
  readonly batches: number;
  /** Records sent and acked. */
  readonly sent: number;
  readonly durationMs: number;
  readonly partitions: readonly PartitionSummary[];
  /** Partitions of a bounded run whose end was held back by a transaction that was open at the start, with the records behind it. */
  readonly openTransactions: readonly (TopicPartition & {
    readonly end: number;
    readonly highWatermark: number;
  })[];
}

/** One topic-partition as `stats()` shows it. */
export interface PartitionStats extends TopicPartition {
  /** The next offset to fetch: records before it wait, are in hand, or are done. */
  readonly position: number;
  /** The committed offset; null if it is not known. */
  readonly committed: number | null;
  readonly highWatermark: number;
  /** Records between the committed offset and the end that the isolation can see; never negative. */
  readonly lag: number;
  /** Whether it is left out of fetches now: its buffer is full, or a bounded run has reached its end. */
  readonly paused: boolean;
}

/** A snapshot of a processor: frozen, plain values that JSON can hold. */
export interface ProcessorStats {
  readonly topicProcessorName: string;
  readonly groupId: string;
  readonly state: ProcessorState;
  readonly records: number;
  readonly batches: number;
  readonly batchesByTrigger: Readonly<Record<BatchTrigger, number>>;
  readonly sent: number;
  /** Records that were sent again after an attempt of unknown outcome: the output topics may have them twice. 0 unless brokers failed. */
  readonly repeated: number;
  /** Messages that wait, all partitions together. */
  readonly buffered: number;
  /** Bytes of fetched records in memory, those in process included. */
  readonly bufferedBytes: number;
  /** Messages in process or on the way from there to the commit request. */
  readonly inHand: number;
  readonly partitions: readonly PartitionStats[];
}
