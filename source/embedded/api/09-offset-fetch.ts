import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { groupError } from './group-access.ts';
import { readFlexiblePartitions, readPartitions } from './named-partitions.ts';
import type { NamedPartitions } from './named-partitions.ts';
import { VersionedFields } from './versioned-fields.ts';

const TOP_LEVEL_ERROR_FROM = 2;
const FLEXIBLE_FROM = 6;
const STABLE_FROM = 7;

interface OffsetFetchRequest {
  readonly groupId: string;
  /** null asks for all that is committed. */
  readonly topics: readonly NamedPartitions[] | null;
  /** Offsets that the end of a transaction may change are not given. */
  readonly requireStable: boolean;
}

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetFetch */
export const offsetFetch = defineApi<OffsetFetchRequest>({
  key: 9,
  name: 'OffsetFetch',
  min: 1,
  max: 7,
  flexibleFrom: FLEXIBLE_FROM,
  read: (reader, version) => (version >= FLEXIBLE_FROM ? readFlexible(reader, version) : readPlain(reader)),
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    const code = context.forcedError() || groupError(request.groupId, context, { emptyIdAllowed: true });
    const offsets = context.cluster.groups.get(request.groupId)?.offsets;
    const fields = new VersionedFields(out.fields, version >= FLEXIBLE_FROM);
    const { writer } = fields;
    if (version >= 3) writer.int32(0);
    await fields.byTopic(topicsOf(request, code, context), (topic, { partition }) => {
      const isUnstable = request.requireStable && offsets?.isPending(topic, partition) === true;
      const unstable = isUnstable ? ErrorCodes.UNSTABLE_OFFSET_COMMIT : ErrorCodes.NONE;
      const partitionCode = context.forcedError(topic, partition) || code || unstable;
      const entry = partitionCode === ErrorCodes.NONE ? offsets?.get(topic, partition) : undefined;
      writer.int32(partition).int64(entry?.offset ?? -1);
      if (version >= 5) writer.int32(entry?.leaderEpoch ?? -1);
      fields.nullableString(entry?.metadata ?? '').int16(partitionCode);
      fields.end();
    });
    if (version >= TOP_LEVEL_ERROR_FROM) writer.int16(code);
    fields.end();
    return 'answer';
  },
});

function readPlain(reader: WireReader): OffsetFetchRequest {
  return {
    groupId: reader.string(),
    topics: reader.nullableArray(readPartitions),
    requireStable: false,
  };
}

function readFlexible(reader: WireReader, version: number): OffsetFetchRequest {
  const groupId = reader.compactString();
  const topics = reader.compactNullableArray(readFlexiblePartitions);
  const requireStable = version >= STABLE_FROM && reader.boolean();
  reader.skipTags();
  return { groupId, topics, requireStable };
}

/**
 * What is answered for. An error of the whole request is given at the top where the version has a
 * field for it; then no partition is named.
 */
function topicsOf(
  { groupId, topics }: OffsetFetchRequest,
  code: number,
  { cluster, version }: RequestContext,
): readonly NamedPartitions[] {
  if (code !== ErrorCodes.NONE && version >= TOP_LEVEL_ERROR_FROM) return [];
  if (topics !== null) return topics;
  return code === ErrorCodes.NONE ? (cluster.groups.get(groupId)?.offsets.topics() ?? []) : [];
}
