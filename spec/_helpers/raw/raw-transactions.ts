import { TRANSACTIONAL } from '../../../source/kafka/records/batch-header.ts';
import { uniqueName } from '../servers/embedded.ts';
import { until } from '../until.ts';
import { present } from './present.ts';
import { rawBatch, type BatchParts } from './raw-batch.ts';
import { RawClient, type SpecOwner } from './raw-client.ts';
import { describeTransaction, readCodes, type Owner } from './raw-transaction-reports.ts';

export type { Owner };

/** One transactional id, with a connection to its coordinator. */
export interface RawTransaction {
  readonly id: string;
  readonly coordinator: RawClient;
}

const deadlineMs = 20_000;
/** The former transaction is ending; the coordinator has no producer ids yet. */
const BUSY: ReadonlySet<number> = new Set([51, 14]);

/** A new transactional id, once its coordinator serves. */
export async function newTransactionalId(t: SpecOwner, brokers: readonly string[]): Promise<RawTransaction> {
  const id = uniqueName('txn');
  const seed = await RawClient.open(t, present(brokers[0]));
  const found = await until(
    async () => {
      const answer = await findTransactionCoordinator(seed, id);
      if (answer.code !== 0) return undefined;
      const coordinator = await RawClient.open(t, answer.address);
      const { code } = await describeTransaction(coordinator, id);
      return code === 105 && coordinator;
    },
    { deadlineMs, what: `a coordinator of ${id}` },
  );
  return { id, coordinator: found };
}

/** FindCoordinator v2 of a transactional id. */
export async function findTransactionCoordinator(
  client: RawClient,
  id: string,
): Promise<{ code: number; address: string }> {
  const reader = await client.call({
    key: 10,
    version: 2,
    body: (writer) => writer.string(id).int8(1),
  });
  reader.int32();
  const code = reader.int16();
  reader.nullableString();
  reader.int32();
  return { code, address: `${reader.string()}:${reader.int32()}` };
}

/** InitProducerId v4 or v3. */
export async function init(
  { id, coordinator }: RawTransaction,
  options: { timeoutMs?: number; own?: Owner; version?: number } = {},
): Promise<Owner & { code: number }> {
  const { timeoutMs = 60_000, own = { producerId: -1n, epoch: -1 }, version = 4 } = options;
  const reader = await coordinator.call({
    key: 22,
    version,
    flexible: true,
    body: (writer) =>
      writer.compactNullableString(id).int32(timeoutMs).bigInt64(own.producerId).int16(own.epoch).noTags(),
  });
  reader.int32();
  return { code: reader.int16(), producerId: reader.bigInt64(), epoch: reader.int16() };
}

/** As {@link init}, repeated while a transaction is ending. */
export async function initialized(
  transaction: RawTransaction,
  options: { timeoutMs?: number; own?: Owner } = {},
): Promise<Owner> {
  const answer = await unlessBusy(async () => init(transaction, options));
  if (answer.code !== 0) throw new Error(`InitProducerId of ${transaction.id} was answered ${answer.code}`);
  return { producerId: answer.producerId, epoch: answer.epoch };
}

/** AddPartitionsToTxn of one topic; returns the code of each partition. Flexible from version 3 on. */
export async function addPartitions(
  { id, coordinator }: RawTransaction,
  { producerId, epoch }: Owner,
  entries: Readonly<Record<string, readonly number[]>>,
  version = 3,
): Promise<number[]> {
  const topics = Object.entries(entries);
  const flexible = version >= 3;
  const reader = await coordinator.call({
    key: 24,
    version,
    flexible,
    body: (writer) => {
      if (flexible) {
        writer.compactString(id).bigInt64(producerId).int16(epoch);
        writer.compactArray(topics, (_, [topic, partitions]) => {
          writer.compactString(topic).compactArray(partitions, (__, partition) => writer.int32(partition));
          writer.noTags();
        });
        writer.noTags();
      } else {
        writer.string(id).bigInt64(producerId).int16(epoch);
        writer.array(topics, (_, [topic, partitions]) => {
          writer.string(topic).array(partitions, (__, partition) => writer.int32(partition));
        });
      }
    },
  });
  reader.int32();
  return readCodes(reader, flexible);
}

/** As {@link addPartitions} of one partition, repeated while the former transaction is ending. */
export function added(
  transaction: RawTransaction,
  owner: Owner,
  topic: string,
  partition = 0,
): Promise<number> {
  return unlessBusy(async () => {
    const [code] = await addPartitions(transaction, owner, { [topic]: [partition] });
    return present(code);
  });
}

/** AddOffsetsToTxn; returns the code. */
export async function addOffsets(
  { id, coordinator }: RawTransaction,
  { producerId, epoch }: Owner,
  groupId: string,
  version = 3,
): Promise<number> {
  const flexible = version >= 3;
  const reader = await coordinator.call({
    key: 25,
    version,
    flexible,
    body: (writer) => {
      if (flexible)
        writer.compactString(id).bigInt64(producerId).int16(epoch).compactString(groupId).noTags();
      else writer.string(id).bigInt64(producerId).int16(epoch).string(groupId);
    },
  });
  reader.int32();
  return reader.int16();
}

/** As {@link addOffsets}, repeated while the former transaction is ending. */
export function offsetsAdded(transaction: RawTransaction, owner: Owner, groupId: string): Promise<number> {
  return unlessBusy(() => addOffsets(transaction, owner, groupId));
}

/** EndTxn; returns the code. */
export async function end(
  { id, coordinator }: RawTransaction,
  { producerId, epoch }: Owner,
  outcome: 'commit' | 'abort',
  version = 3,
): Promise<number> {
  const flexible = version >= 3;
  const reader = await coordinator.call({
    key: 26,
    version,
    flexible,
    body: (writer) => {
      if (flexible) writer.compactString(id);
      else writer.string(id);
      writer
        .bigInt64(producerId)
        .int16(epoch)
        .boolean(outcome === 'commit');
      if (flexible) writer.noTags();
    },
  });
  reader.int32();
  return reader.int16();
}

/** TxnOffsetCommit v3 of partition 0 of one topic, or of others; returns the codes. */
export async function commitInTransaction(
  group: RawClient,
  { id }: RawTransaction,
  { producerId, epoch }: Owner,
  commit: {
    readonly groupId: string;
    readonly topic: string;
    readonly offset: number;
    readonly partitions?: readonly number[];
    readonly metadata?: string;
    readonly generation?: number;
    readonly memberId?: string;
    readonly groupInstanceId?: string;
  },
  version = 3,
): Promise<number[]> {
  const { groupId, topic, offset, partitions = [0], metadata = '' } = commit;
  const flexible = version >= 3;
  const reader = await group.call({
    key: 28,
    version,
    flexible,
    body: (writer) => {
      if (flexible) {
        writer.compactString(id).compactString(groupId).bigInt64(producerId).int16(epoch);
        writer.int32(commit.generation ?? -1).compactString(commit.memberId ?? '');
        writer.compactNullableString(commit.groupInstanceId ?? null);
        writer.compactArray([topic], (_, name) => {
          writer.compactString(name).compactArray(partitions, (__, partition) => {
            writer.int32(partition).int64(offset).int32(-1).compactNullableString(metadata).noTags();
          });
          writer.noTags();
        });
        writer.noTags();
      } else {
        writer.string(id).string(groupId).bigInt64(producerId).int16(epoch);
        writer.array([topic], (_, name) => {
          writer.string(name).array(partitions, (__, partition) => {
            writer.int32(partition).int64(offset);
            if (version >= 2) writer.int32(-1);
            writer.nullableString(metadata);
          });
        });
      }
    },
  });
  reader.int32();
  return readCodes(reader, flexible);
}

/** Produce v7 of one transactional batch to partition 0; returns the code and the offset. */
export async function produceInTransaction(
  leader: RawClient,
  id: string | null,
  topic: string,
  { producerId, epoch }: Owner,
  parts: BatchParts & { readonly partition?: number } = {},
): Promise<readonly [code: number, baseOffset: number]> {
  const records = rawBatch({ attributes: TRANSACTIONAL, sequence: 0, producerId, epoch, ...parts });
  const reader = await leader.call({
    key: 0,
    version: 7,
    body: (writer) =>
      writer
        .nullableString(id)
        .int16(-1)
        .int32(5_000)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(parts.partition ?? 0)
        .bytes(records),
  });
  const [[answer] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      const code = reader.int16();
      const baseOffset = reader.int64();
      reader.int64();
      reader.int64();
      return [code, baseOffset] as const;
    });
  });
  return present(answer);
}

/** Repeats a request while the coordinator answers that it is busy. */
export async function unlessBusy<T extends number | { readonly code: number }>(
  ask: () => Promise<T>,
): Promise<T> {
  const answered = await until(
    async () => {
      const answer = await ask();
      const code = typeof answer === 'number' ? answer : answer.code;
      return BUSY.has(code) ? undefined : { answer };
    },
    { deadlineMs, what: 'an idle coordinator' },
  );
  return answered.answer;
}
