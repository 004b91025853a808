import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { ClusterState } from '../cluster-state.ts';
import { commitError } from './commit-error.ts';
import { readCommittedTopic } from './committed-topics.ts';
import type { CommittedTopic } from './committed-topics.ts';
import { groupError } from './group-access.ts';

/** What the coordinator stores of each offset beside the names of group and topic, and metadata. */
const STORED_BYTES = 48;
const BATCH_BYTES = 61;

interface OffsetCommitRequest {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly CommittedTopic[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetCommit */
export const offsetCommit = defineApi<OffsetCommitRequest>({
  key: 8,
  name: 'OffsetCommit',
  min: 2,
  max: 7,
  maxItems: 12_000,
  read(reader, version) {
    const groupId = reader.string();
    const generation = reader.int32();
    const memberId = reader.string();
    const groupInstanceId = version >= 7 ? reader.nullableString() : null;
    if (version <= 4) reader.int64(); // retention time: brokers ignore it in favour of their own
    const topics = reader.array(() => readCommittedTopic(reader, version >= 6));
    return { groupId, generation, memberId, groupInstanceId, topics };
  },
  handle(request, context) {
    const { cluster, out, version } = context;
    const refusal = checkGroup(request, context) || sizeError(request, cluster);
    const group = refusal === ErrorCodes.NONE ? cluster.groups.getOrCreate(request.groupId) : undefined;
    const committedAt = cluster.clock.now();
    if (version >= 3) out.fields.int32(0);
    out.fields.array(request.topics, (writer, { topic, partitions }) => {
      const answers = partitions.map((entry) => {
        const code =
          context.forcedError(topic, entry.partition) || commitError({ topic, ...entry }, refusal, cluster);
        context.refused(code, { topic, partition: entry.partition, groupId: request.groupId });
        if (code === ErrorCodes.NONE && !context.forgets)
          group?.offsets.set({ topic, ...entry, committedAt });
        return { partition: entry.partition, code };
      });
      // As a broker does, and to catch clients that take answers to come in the order of the
      // request.
      answers.sort((a, b) => rank(a.code) - rank(b.code));
      writer.string(topic).array(answers, (_, { partition, code }) => {
        writer.int32(partition).int16(code);
      });
    });
    return 'answer';
  },
});

function checkGroup(request: OffsetCommitRequest, context: RequestContext): number {
  const code = groupError(request.groupId, context, { emptyIdAllowed: true });
  if (code !== ErrorCodes.NONE) return code;
  const group = context.cluster.groups.get(request.groupId);
  if (group !== undefined) return group.checkCommit(request, request.generation);
  return request.generation < 0 ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
}

/** All that one request commits is one record batch of the offsets topic. */
function sizeError({ groupId, topics }: OffsetCommitRequest, { maxCommitBytes }: ClusterState): number {
  let bytes = BATCH_BYTES;
  for (const { topic, partitions } of topics) {
    const each = STORED_BYTES + Buffer.byteLength(groupId) + Buffer.byteLength(topic);
    for (const { metadata } of partitions) bytes += each + Buffer.byteLength(metadata);
  }
  return bytes > maxCommitBytes ? ErrorCodes.UNKNOWN_SERVER_ERROR : ErrorCodes.NONE;
}

/** Partitions that do not exist come first. */
function rank(code: number): number {
  return code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION ? 0 : 1;
}
