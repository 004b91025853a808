import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { defineApi } from '../api.ts';
import { OPERATIONS_NOT_ASKED, clusterOperations, topicOperations } from './authorized-operations.ts';
import { createByUse } from './topic-creation.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { NO_LEADER } from '../logs/partition.ts';
import type { Partition } from '../logs/partition.ts';
import type { Topic } from '../logs/topics.ts';
import { VersionedFields } from './versioned-fields.ts';

const FLEXIBLE_FROM = 9;
const TOPIC_IDS_FROM = 10;
/** Before it, every Metadata request may create topics. */
const CHOICE_TO_CREATE_FROM = 4;
const NO_REFUSALS: ReadonlyMap<string, number> = new Map();
const NO_TOPIC_ID = '0'.repeat(32);
/** From it on, which operations are allowed may be asked for. */
const OPERATIONS_FROM = 8;

interface MetadataRequest {
  /** Whether topics that do not exist may be created. */
  readonly mayCreate: boolean;
  /** Whether operations that are allowed are asked for: of the cluster, of the topics. */
  readonly ofCluster: boolean;
  readonly ofTopics: boolean;
  /** null asks for all topics. */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly never[] }[] | null;
}

/** @see https://kafka.apache.org/protocol#The_Messages_Metadata */
export const metadata = defineApi<MetadataRequest>({
  key: 3,
  name: 'Metadata',
  min: 0,
  max: 10,
  flexibleFrom: FLEXIBLE_FROM,
  read: (reader, version) => ({
    topics: readTopics(reader, version),
    mayCreate: version < CHOICE_TO_CREATE_FROM || reader.boolean(),
    ofCluster: version >= OPERATIONS_FROM && reader.boolean(),
    ofTopics: version >= OPERATIONS_FROM && reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const { cluster, version } = context;
    const refusals = createMissing(request, context);
    const names = request.topics?.map(({ topic }) => topic) ?? cluster.topics.all().map(({ name }) => name);
    const fields = new VersionedFields(context.out.fields, version >= FLEXIBLE_FROM);
    if (version >= 3) fields.writer.int32(0);
    fields.array(cluster.liveNodes, ({ nodeId, host, port }) => {
      fields.writer.int32(nodeId);
      fields.string(host).int32(port);
      if (version >= 1) fields.nullableString(null);
      fields.end();
    });
    if (version >= 2) fields.string(cluster.id);
    if (version >= 1) fields.writer.int32(cluster.controllerId);
    const operations = request.ofTopics ? topicOperations : OPERATIONS_NOT_ASKED;
    const topicParts = { context, refusals, operations };
    await fields.pacedArray([...new Set(names)], (name) => writeTopic(fields, name, topicParts));
    if (version >= OPERATIONS_FROM) {
      fields.writer.int32(request.ofCluster ? clusterOperations : OPERATIONS_NOT_ASKED);
    }
    fields.end();
    return 'answer';
  },
});

function readTopics(reader: WireReader, version: number): MetadataRequest['topics'] {
  const named = (topic: string) => ({ topic, partitions: [] });
  if (version >= FLEXIBLE_FROM) {
    return reader.compactNullableArray(() => {
      if (version >= TOPIC_IDS_FROM) reader.uuid();
      const topic = named(reader.compactNullableString() ?? '');
      reader.skipTags();
      return topic;
    });
  }
  const topics = reader.nullableArray(() => named(reader.string()));
  return version === 0 && topics?.length === 0 ? null : topics;
}

/** Creates the topics that are asked for by name, and says why some could not be. */
function createMissing(
  { topics, mayCreate }: MetadataRequest,
  context: RequestContext,
): ReadonlyMap<string, number> {
  const { cluster } = context;
  if (!mayCreate || !cluster.autoCreateTopics || topics === null) return NO_REFUSALS;
  const missing = new Set(topics.map(({ topic }) => topic).filter((name) => !cluster.topics.get(name)));
  return missing.size === 0 ? NO_REFUSALS : createByUse(missing, context);
}

const why = 'it does not exist, and topics are created by use only with autoCreateTopics';

function writeTopic(
  fields: VersionedFields,
  name: string,
  {
    context,
    refusals,
    operations,
  }: { context: RequestContext; refusals: ReadonlyMap<string, number>; operations: number },
): Promise<void> | undefined {
  const { cluster, version } = context;
  const topic = cluster.topics.get(name);
  const code = context.forcedError(name) || (refusals.get(name) ?? errorOf(name, topic));
  context.refused(
    code,
    code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION ? { topic: name, why } : { topic: name },
  );
  fields.writer.int16(code);
  fields.string(name);
  if (version >= TOPIC_IDS_FROM) fields.writer.uuid(topic?.id ?? NO_TOPIC_ID);
  if (version >= 1) fields.writer.boolean(false);
  const partitions = code === ErrorCodes.NONE ? (topic?.partitions ?? []) : [];
  const later = fields.pacedArray(partitions, (partition) => {
    writePartition(fields, partition, context);
  });
  const end = () => {
    if (version >= OPERATIONS_FROM) fields.writer.int32(operations);
    fields.end();
  };
  if (later !== undefined) return later.then(end);
  end();
  return undefined;
}

function errorOf(name: string, topic: Topic | undefined): number {
  if (topic !== undefined) return ErrorCodes.NONE;
  return isTopicName(name) ? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION : ErrorCodes.INVALID_TOPIC_EXCEPTION;
}

function writePartition(fields: VersionedFields, partition: Partition, context: RequestContext): void {
  const { cluster, version } = context;
  const inSync = cluster.topics.inSyncReplicas(partition);
  const { writer } = fields;
  writer.int16(partition.leader === NO_LEADER ? ErrorCodes.LEADER_NOT_AVAILABLE : ErrorCodes.NONE);
  writer.int32(partition.index).int32(partition.leader);
  if (version >= 7) writer.int32(partition.leaderEpoch);
  const writeNode = (nodeId: number) => void writer.int32(nodeId);
  fields.array(partition.replicas, writeNode);
  fields.array(inSync, writeNode);
  if (version >= 5) {
    fields.array(
      partition.replicas.filter((nodeId) => !inSync.includes(nodeId)),
      writeNode,
    );
  }
  fields.end();
}
