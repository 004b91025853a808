import type { WireReader } from '../../kafka/wire/wire-reader.ts';

/** What a request commits of one topic. */
export interface CommittedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly leaderEpoch: number;
    readonly metadata: string;
  }[];
}

/** Reads one item of an array of topics, before a request's versions are flexible. */
export function readCommittedTopic(reader: WireReader, hasLeaderEpoch: boolean): CommittedTopic {
  return {
    topic: reader.string(),
    partitions: reader.array(() => ({
      partition: reader.int32(),
      offset: reader.int64(),
      leaderEpoch: hasLeaderEpoch ? reader.int32() : -1,
      metadata: reader.nullableString() ?? '',
    })),
  };
}
