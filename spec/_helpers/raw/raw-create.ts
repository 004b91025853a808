import { present } from './present.ts';
import type { RawClient } from './raw-client.ts';

/** A topic as CreateTopics takes it. */
export interface ToCreate {
  readonly topic: string;
  /** Default 1, or -1 with `replicas`. */
  readonly partitions?: number;
  /** Default -1: as many as the broker has by default. */
  readonly replicationFactor?: number;
  /** The nodes of each partition. */
  readonly replicas?: readonly (readonly [partition: number, nodeIds: readonly number[]])[];
  readonly config?: Readonly<Record<string, string | null>>;
}

type CodeAndMessage = readonly [code: number, message: string | null];

/** CreateTopics v4 of one topic. */
export async function create(
  client: RawClient,
  { topic, partitions, replicationFactor = -1, replicas = [], config = {} }: ToCreate,
  validateOnly = false,
): Promise<CodeAndMessage> {
  const reader = await client.call({
    key: 19,
    version: 4,
    body: (writer) => {
      writer.int32(1).string(topic);
      writer.int32(partitions ?? (replicas.length > 0 ? -1 : 1)).int16(replicationFactor);
      writer.array(replicas, (_, [partition, nodeIds]) => {
        writer.int32(partition).array(nodeIds, (__, nodeId) => writer.int32(nodeId));
      });
      writer.array(Object.entries(config), (_, [name, value]) => writer.string(name).nullableString(value));
      writer.int32(10_000).boolean(validateOnly);
    },
  });
  reader.int32();
  const [answer] = reader.array(() => {
    reader.string();
    return [reader.int16(), reader.nullableString()] as const;
  });
  return present(answer);
}

/** CreatePartitions v1 of topics; `replicas` are those of the partitions that are added. */
export async function addPartitions(
  client: RawClient,
  topics: readonly (readonly [topic: string, count: number, replicas?: readonly (readonly number[])[]])[],
  validateOnly = false,
): Promise<readonly CodeAndMessage[]> {
  const reader = await client.call({
    key: 37,
    version: 1,
    body: (writer) => {
      writer.array(topics, (_, [topic, count, replicas]) => {
        writer.string(topic).int32(count);
        if (replicas === undefined) writer.int32(-1);
        else {
          writer.array(replicas, (__, nodeIds) => {
            writer.array(nodeIds, (___, nodeId) => writer.int32(nodeId));
          });
        }
      });
      writer.int32(10_000).boolean(validateOnly);
    },
  });
  reader.int32();
  return reader.array(() => {
    reader.string();
    return [reader.int16(), reader.nullableString()] as const;
  });
}
