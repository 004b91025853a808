import { byTopic } from '../../wire/by-topic.ts';
import type { WireReader } from '../../wire/wire-reader.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { OffsetToCommit } from '../../group-offsets.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { compactPartitions } from './compact-partitions.ts';

export const ADD_PARTITIONS_TO_TXN = 24;
export const ADD_OFFSETS_TO_TXN = 25;
export const END_TXN = 26;
export const TXN_OFFSET_COMMIT = 28;
/** Of all four; in newer ones the broker begins transactions by itself, and needs ApiVersions 3. */
export const TRANSACTION_REQUEST_VERSION = 3;

/** Generation and member id of who is no member of the group. */
const NO_GENERATION = -1;
const NO_MEMBER = '';

/** By this the brokers tell the owners of a transactional id apart. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
}

/** Whose transaction a request belongs to. */
export interface TransactionOwner extends ProducerIdentity {
  readonly transactionalId: string;
}

/** What a request that names partitions is answered for each. */
export interface JudgedPartition extends TopicPartition {
  readonly errorCode: number;
}

/**
 * AddPartitionsToTxn v3: the transaction is going to write to these, all or none; the first request
 * begins it.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_AddPartitionsToTxn
 */
export function addPartitionsToTxnRequest(
  owner: TransactionOwner,
  partitions: readonly TopicPartition[],
): RawRequest<JudgedPartition[]> {
  const writer = compactPartitions(begin(owner, 64 + partitions.length * 8), partitions);
  return {
    ...request(ADD_PARTITIONS_TO_TXN, 'AddPartitionsToTxn', writer),
    parse: readJudged,
  };
}

/**
 * AddOffsetsToTxn v3: the transaction is going to commit offsets of a group.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_AddOffsetsToTxn
 */
export function addOffsetsToTxnRequest(owner: TransactionOwner, groupId: string): RawRequest<number> {
  const writer = begin(owner).compactString(groupId);
  return { ...request(ADD_OFFSETS_TO_TXN, 'AddOffsetsToTxn', writer), parse: readCode };
}

/**
 * TxnOffsetCommit v3 of who is no member of the group: the offsets count when the transaction is
 * committed.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit
 */
export function txnOffsetCommitRequest(
  { transactionalId, producerId, epoch }: TransactionOwner,
  groupId: string,
  offsets: readonly OffsetToCommit[],
): RawRequest<JudgedPartition[]> {
  const writer = new WireWriter(128 + offsets.length * 32)
    .compactString(transactionalId)
    .compactString(groupId)
    .bigInt64(producerId)
    .int16(epoch)
    .int32(NO_GENERATION)
    .compactString(NO_MEMBER)
    .compactNullableString(null)
    .compactArray(byTopic(offsets), (topics, { topic, entries }) => {
      topics.compactString(topic).compactArray(entries, (list, entry) => {
        list.int32(entry.partition).int64(entry.offset).int32(entry.leaderEpoch);
        list.compactNullableString(entry.metadata).noTags();
      });
      topics.noTags();
    });
  return { ...request(TXN_OFFSET_COMMIT, 'TxnOffsetCommit', writer), parse: readJudged };
}

/**
 * EndTxn v3.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_EndTxn
 */
export function endTxnRequest(owner: TransactionOwner, committed: boolean): RawRequest<number> {
  return { ...request(END_TXN, 'EndTxn', begin(owner).boolean(committed)), parse: readCode };
}

function begin({ transactionalId, producerId, epoch }: TransactionOwner, bytes = 128): WireWriter {
  return new WireWriter(bytes).compactString(transactionalId).bigInt64(producerId).int16(epoch);
}

function request(apiKey: number, apiName: string, body: WireWriter): Omit<RawRequest<never>, 'parse'> {
  return {
    apiKey,
    apiName,
    apiVersion: TRANSACTION_REQUEST_VERSION,
    flexible: true,
    body: [body.noTags().toBuffer()],
    throttleTime: 'first',
  };
}

function readCode(reader: WireReader): number {
  reader.int32();
  return reader.int16();
}

function readJudged(reader: WireReader): JudgedPartition[] {
  const judged: JudgedPartition[] = [];
  reader.int32();
  reader.compactArray((topics) => {
    const topic = topics.compactString();
    topics.compactArray((entries) => {
      judged.push({ topic, partition: entries.int32(), errorCode: entries.int16() });
      entries.skipTags();
    });
    topics.skipTags();
  });
  return judged;
}
