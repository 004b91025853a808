import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { codedPartitions } from './coded-partitions.ts';
import { commitError, commitSizeError } from './commit-error.ts';
import { readCommittedTopic } from './committed-topics.ts';
import type { CommittedTopic } from './committed-topics.ts';
import { groupError } from './group-access.ts';
import { VersionedFields } from './versioned-fields.ts';

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
  async handle(request, context): Promise<Outcome> {
    const { cluster, out, version } = context;
    const refusal = checkGroup(request, context) || commitSizeError(request, cluster);
    const group = refusal === ErrorCodes.NONE ? cluster.groups.getOrCreate(request.groupId) : undefined;
    const committedAt = cluster.clock.now();
    if (version >= 3) out.fields.int32(0);
    await codedPartitions(new VersionedFields(out.fields, false), request.topics, (topic, entry) => {
      const isStored = () => context.forgets || group?.offsets.set({ topic, ...entry, committedAt }) === true;
      const code =
        context.forcedError(topic, entry.partition) ||
        commitError({ topic, ...entry }, refusal, cluster) ||
        (isStored() ? ErrorCodes.NONE : ErrorCodes.POLICY_VIOLATION);
      context.refused(code, { topic, partition: entry.partition, groupId: request.groupId });
      return code;
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
