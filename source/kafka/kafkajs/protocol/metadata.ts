import type { WireReader } from '../../wire/wire-reader.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const METADATA = 3;
const NO_TOPIC_ID = '0'.repeat(32);

export interface BrokerNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  /** Node id, -1 if there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly internal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataAnswer {
  readonly brokers: readonly BrokerNode[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/**
 * Metadata v10: with leader epochs and topic ids. Creates no topic.
 *
 * @param topics none: brokers only; null: all topics
 * @see https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function metadataRequest(topics: readonly string[] | null): RawRequest<MetadataAnswer> {
  const writer = new WireWriter();
  if (topics === null) writer.uvarint(0);
  else {
    writer.compactArray(topics, (list, topic) => {
      list.uuid(NO_TOPIC_ID).compactNullableString(topic).noTags();
    });
  }
  writer.boolean(false).boolean(false).boolean(false).noTags();
  return {
    apiKey: METADATA,
    apiName: 'Metadata',
    apiVersion: 10,
    flexible: true,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: readMetadataAnswer,
  };
}

function readMetadataAnswer(reader: WireReader): MetadataAnswer {
  reader.int32();
  const brokers = reader.compactArray((list) => {
    const node = { nodeId: list.int32(), host: list.compactString(), port: list.int32() };
    list.compactNullableString();
    list.skipTags();
    return node;
  });
  reader.compactNullableString();
  const controllerId = reader.int32();
  const topics = reader.compactArray((list): TopicMetadata => {
    const errorCode = list.int16();
    const topic = list.compactString();
    const topicId = list.uuid();
    const internal = list.boolean();
    const partitions = list.compactArray(readPartition);
    list.int32();
    list.skipTags();
    return { errorCode, topic, topicId: topicId === NO_TOPIC_ID ? undefined : topicId, internal, partitions };
  });
  return { brokers, controllerId, topics };
}

function readPartition(reader: WireReader): PartitionMetadata {
  const entry = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leader: reader.int32(),
    leaderEpoch: reader.int32(),
    replicas: reader.compactArray((list) => list.int32()),
    inSyncReplicas: reader.compactArray((list) => list.int32()),
  };
  reader.compactArray((offline) => offline.int32());
  reader.skipTags();
  return entry;
}
