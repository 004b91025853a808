import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireReader } from '../../kafka/wire/wire-reader.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { MemberIdentity } from '../groups/group-members.ts';
import { codedPartitions } from './coded-partitions.ts';
import { commitError, commitSizeError } from './commit-error.ts';
import { readCommittedTopic } from './committed-topics.ts';
import type { CommittedTopic } from './committed-topics.ts';
import { groupError } from './group-access.ts';
import { TRANSACTION_FLEXIBLE_FROM } from './transaction-access.ts';
import type { TransactionRequest } from './transaction-access.ts';
import { VersionedFields } from './versioned-fields.ts';

const LEADER_EPOCH_FROM = 2;
const NO_GENERATION = -1;

interface TxnOffsetCommitRequest extends TransactionRequest, MemberIdentity {
  readonly groupId: string;
  readonly generation: number;
  readonly topics: readonly CommittedTopic[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit */
export const txnOffsetCommit = defineApi<TxnOffsetCommitRequest>({
  key: 28,
  name: 'TxnOffsetCommit',
  min: 0,
  max: 3,
  flexibleFrom: TRANSACTION_FLEXIBLE_FROM,
  read: (reader, version) =>
    version >= TRANSACTION_FLEXIBLE_FROM ? readFlexible(reader) : readPlain(reader, version),
  async handle(request, context): Promise<Outcome> {
    const { cluster, out, version } = context;
    const refusal = check(request, context) || commitSizeError(request, cluster);
    const { groupId, producerId, transactionalId } = request;
    context.refused(refusal, { groupId, transactionalId });
    const group = refusal === ErrorCodes.NONE ? cluster.groups.getOrCreate(groupId) : undefined;
    const committedAt = cluster.clock.now();
    const fields = new VersionedFields(out.fields, version >= TRANSACTION_FLEXIBLE_FROM);
    fields.writer.int32(0);
    await codedPartitions(fields, request.topics, (topic, entry) => {
      const isKept = () => group?.offsets.setPending(producerId, { topic, ...entry, committedAt }) === true;
      return (
        context.forcedError(topic, entry.partition) ||
        commitError({ topic, ...entry }, refusal, cluster) ||
        (isKept() ? ErrorCodes.NONE : ErrorCodes.POLICY_VIOLATION)
      );
    });
    fields.end();
    return 'answer';
  },
});

function readPlain(reader: WireReader, version: number): TxnOffsetCommitRequest {
  return {
    transactionalId: reader.string(),
    groupId: reader.string(),
    producerId: reader.bigInt64(),
    epoch: reader.int16(),
    generation: NO_GENERATION,
    memberId: '',
    groupInstanceId: null,
    topics: reader.array(() => readCommittedTopic(reader, version >= LEADER_EPOCH_FROM)),
  };
}

function readFlexible(reader: WireReader): TxnOffsetCommitRequest {
  const request = {
    transactionalId: reader.compactString(),
    groupId: reader.compactString(),
    producerId: reader.bigInt64(),
    epoch: reader.int16(),
    generation: reader.int32(),
    memberId: reader.compactString(),
    groupInstanceId: reader.compactNullableString(),
    topics: reader.compactArray(() => {
      const topic = reader.compactString();
      const partitions = reader.compactArray(() => {
        const partition = reader.int32();
        const offset = reader.int64();
        const leaderEpoch = reader.int32();
        const metadata = reader.compactNullableString() ?? '';
        reader.skipTags();
        return { partition, offset, leaderEpoch, metadata };
      });
      reader.skipTags();
      return { topic, partitions };
    }),
  };
  reader.skipTags();
  return request;
}

function check(request: TxnOffsetCommitRequest, context: RequestContext): number {
  const { groups, transactions } = context.cluster;
  const code = groupError(request.groupId, context);
  if (code !== ErrorCodes.NONE) return code;
  const inTransaction = transactions.checkGroup(request.transactionalId, request, request.groupId);
  if (inTransaction !== ErrorCodes.NONE) return asCommitError(inTransaction);
  const group = groups.get(request.groupId);
  if (group !== undefined) return group.checkCommit(request, request.generation, { transactional: true });
  return request.generation < 0 ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
}

/** What the group's coordinator makes of an answer of the transaction's coordinator. */
function asCommitError(code: number): number {
  switch (code) {
    case ErrorCodes.PRODUCER_FENCED:
      return ErrorCodes.INVALID_PRODUCER_EPOCH;
    case ErrorCodes.CONCURRENT_TRANSACTIONS:
      return ErrorCodes.COORDINATOR_NOT_AVAILABLE;
    default:
      return code;
  }
}
