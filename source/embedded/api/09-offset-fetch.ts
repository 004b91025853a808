import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { GroupOffsets } from '../groups/group-offsets.ts';
import { groupError } from './group-access.ts';
import { readFlexiblePartitions, readPartitions } from './named-partitions.ts';
import type { NamedPartitions } from './named-partitions.ts';

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

interface FetchedOffset {
  readonly partition: number;
  readonly code: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

interface FetchedTopic {
  readonly topic: string;
  readonly partitions: readonly FetchedOffset[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetFetch */
export const offsetFetch = defineApi<OffsetFetchRequest>({
  key: 9,
  name: 'OffsetFetch',
  min: 1,
  max: 7,
  flexibleFrom: FLEXIBLE_FROM,
  read: (reader, version) => (version >= FLEXIBLE_FROM ? readFlexible(reader, version) : readPlain(reader)),
  handle(request, context) {
    const { version } = context;
    const code = context.forcedError() || groupError(request.groupId, context, { emptyIdAllowed: true });
    // An error of the whole request is given at the top where the version has a field for it; then
    // no partition is named.
    const refused = code !== ErrorCodes.NONE && version >= TOP_LEVEL_ERROR_FROM;
    const topics = refused ? [] : fetchedTopics(request, code, context);
    if (version >= FLEXIBLE_FROM) writeFlexible(topics, code, context);
    else writePlain(topics, code, context);
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

function fetchedTopics(request: OffsetFetchRequest, code: number, context: RequestContext): FetchedTopic[] {
  const offsets = context.cluster.groups.get(request.groupId)?.offsets;
  const topics = request.topics ?? (code === ErrorCodes.NONE ? committedTopics(offsets) : []);
  return topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => {
      const isUnstable = request.requireStable && offsets?.isPending(topic, partition) === true;
      const unstable = isUnstable ? ErrorCodes.UNSTABLE_OFFSET_COMMIT : ErrorCodes.NONE;
      const partitionCode = context.forcedError(topic, partition) || code || unstable;
      const entry = partitionCode === ErrorCodes.NONE ? offsets?.get(topic, partition) : undefined;
      return {
        partition,
        code: partitionCode,
        offset: entry?.offset ?? -1,
        leaderEpoch: entry?.leaderEpoch ?? -1,
        metadata: entry?.metadata ?? '',
      };
    }),
  }));
}

function committedTopics(offsets: GroupOffsets | undefined): NonNullable<OffsetFetchRequest['topics']> {
  const topics = new Map<string, { partition: number }[]>();
  for (const { topic, partition } of offsets?.all() ?? []) {
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [{ partition }]);
    else partitions.push({ partition });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

function writePlain(topics: readonly FetchedTopic[], code: number, { out, version }: RequestContext): void {
  if (version >= 3) out.fields.int32(0);
  out.fields.array(topics, (writer, { topic, partitions }) => {
    writer.string(topic).array(partitions, (_, entry) => {
      writer.int32(entry.partition).int64(entry.offset);
      if (version >= 5) writer.int32(entry.leaderEpoch);
      writer.nullableString(entry.metadata).int16(entry.code);
    });
  });
  if (version >= 2) out.fields.int16(code);
}

function writeFlexible(topics: readonly FetchedTopic[], code: number, { out }: RequestContext): void {
  out.fields.int32(0).compactArray(topics, (writer, { topic, partitions }) => {
    writer.compactString(topic).compactArray(partitions, (_, entry) => {
      writer.int32(entry.partition).int64(entry.offset).int32(entry.leaderEpoch);
      writer.compactNullableString(entry.metadata).int16(entry.code).noTags();
    });
    writer.noTags();
  });
  out.fields.int16(code).noTags();
}
