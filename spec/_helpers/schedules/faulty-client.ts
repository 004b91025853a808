import type { CommitResult, GroupOffsets, OffsetToCommit } from '../../../source/kafka/group-offsets.ts';
import type { PartitionSource, SourceOptions } from '../../../source/kafka/source.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import { FakeClient } from '../../../source/testing/fake-kafka/fake-client.ts';
import type { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import type { FakeCall } from '../../../source/testing/fake-kafka/fake-requests.ts';

/** What happens to the requests of a {@link FaultyClient}. */
export interface ClientFaults {
  ask(call: FakeCall, pass: () => Promise<void>): Promise<void>;
  answer(results: CommitResult[]): CommitResult[] | Promise<CommitResult[]>;
  /** The source is about to be made to continue at another offset. */
  sought(at: TopicPartition, offset: number): void;
}

/** A client whose requests are slow, fail, or are never answered. */
export class FaultyClient extends FakeClient {
  readonly #faults: ClientFaults;

  constructor(kafka: FakeKafka, faults: ClientFaults) {
    super(kafka);
    this.#faults = faults;
  }

  override ask(call: FakeCall): Promise<void> {
    return this.#faults.ask(call, () => super.ask(call));
  }

  override source(options: SourceOptions): PartitionSource {
    const source = super.source(options);
    const seek = source.seek.bind(source);
    source.seek = (at, offset) => {
      this.#faults.sought(at, offset);
      return seek(at, offset);
    };
    return source;
  }

  override group(groupId: string): GroupOffsets {
    const group = super.group(groupId);
    return {
      fetch: (partitions) => group.fetch(partitions),
      fetchAll: () => group.fetchAll(),
      parts: (offsets) => group.parts(offsets),
      commit: async (offsets: readonly OffsetToCommit[]) => this.#faults.answer(await group.commit(offsets)),
    };
  }
}
