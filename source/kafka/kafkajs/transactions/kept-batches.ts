import { LifecycleError } from '../../../kernel/errors.ts';
import { keyOf, type TopicPartition } from '../../../kernel/topic-partition.ts';
import type { EncodedRecords } from '../../transactions.ts';
import type { OutgoingBatch } from '../produce/flush-ticket.ts';

/** What one flush of a transaction has sent, as it was encoded. */
export class KeptBatches implements EncodedRecords {
  readonly partitions: readonly TopicPartition[];
  readonly #batches: readonly OutgoingBatch[];

  constructor(batches: readonly OutgoingBatch[]) {
    const places = batches.map(({ topic, partition }) => ({ topic, partition }));
    this.partitions = [...new Map(places.map((place) => [keyOf(place), place])).values()];
    this.#batches = batches;
  }

  /** @throws LifecycleError for records of another client */
  static of(records: EncodedRecords): readonly OutgoingBatch[] {
    if (records instanceof KeptBatches) return records.#batches;
    throw new LifecycleError('These records were not encoded by this client');
  }
}
