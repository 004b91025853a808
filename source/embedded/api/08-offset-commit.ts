import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import { ErrorCodes } from '../error-codes.ts';
import type { Group } from '../group.ts';
import { groupError } from '../group-access.ts';

/** A broker's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4096;

interface OffsetCommitRequest {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: number;
      readonly leaderEpoch: number;
      readonly metadata: string;
    }[];
  }[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetCommit */
export const offsetCommit = defineApi<OffsetCommitRequest>({
  key: 8,
  name: 'OffsetCommit',
  min: 2,
  max: 7,
  read(reader, version) {
    const groupId = reader.string();
    const generation = reader.int32();
    const memberId = reader.string();
    const groupInstanceId = version >= 7 ? reader.nullableString() : null;
    if (version <= 4) reader.int64(); // retention time: brokers ignore it in favour of their own
    const topics = reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => ({
        partition: reader.int32(),
        offset: reader.int64(),
        leaderEpoch: version >= 6 ? reader.int32() : -1,
        metadata: reader.nullableString() ?? '',
      })),
    }));
    return { groupId, generation, memberId, groupInstanceId, topics };
  },
  handle(request, context) {
    const { cluster, out, version } = context;
    const refusal = checkGroup(request, context);
    const group = refusal === ErrorCodes.NONE ? cluster.groups.getOrCreate(request.groupId) : undefined;
    const committedAt = cluster.clock.now();
    if (version >= 3) out.fields.int32(0);
    out.fields.array(request.topics, (writer, { topic, partitions }) => {
      writer.string(topic).array(partitions, (_, entry) => {
        const known = cluster.topics.partition(topic, entry.partition) !== undefined;
        let code: number = context.forcedError(topic, entry.partition);
        if (code === ErrorCodes.NONE && !known) code = ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
        if (code === ErrorCodes.NONE) code = refusal;
        if (code === ErrorCodes.NONE && Buffer.byteLength(entry.metadata) > MAX_METADATA_BYTES) {
          code = ErrorCodes.OFFSET_METADATA_TOO_LARGE;
        }
        if (code === ErrorCodes.NONE) group?.offsets.set({ topic, ...entry, committedAt });
        writer.int32(entry.partition).int16(code);
      });
    });
    return 'answer';
  },
});

function checkGroup(request: OffsetCommitRequest, context: RequestContext): number {
  const code = groupError(request.groupId, context, { emptyIdAllowed: true });
  if (code !== ErrorCodes.NONE) return code;
  const group: Group | undefined = context.cluster.groups.get(request.groupId);
  if (group !== undefined) return group.checkCommit(request, request.generation);
  return request.generation < 0 ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
}
