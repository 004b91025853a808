import type { RawClient } from '../raw/raw-client.ts';
import { join, leaveTogether } from '../raw/raw-group.ts';
import {
  byPartitionNumber,
  partitionAndCode,
  readCompactNamed,
  readNamed,
  writeCompactNamed,
  writeNamed,
  type NamedTwice,
} from '../raw/raw-repeats.ts';
import {
  end,
  initialized,
  newTransactionalId,
  offsetsAdded,
  type Owner,
  type RawTransaction,
} from '../raw/raw-transactions.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

function timesTwo(topic: string): Readonly<Record<string, NamedTwice>> {
  return {
    'a partition twice': [[topic, [0, 0]]],
    'a topic twice': [
      [topic, [0]],
      [topic, [3]],
    ],
    'both twice': [
      [topic, [0, 3]],
      [topic, [3, 0]],
    ],
    'one that is unknown, twice': [[topic, [9, 0, 9]]],
    'no topic, twice': [
      ['no-such-topic', [0]],
      ['no-such-topic', [0]],
    ],
  };
}

/** OffsetFetch: partition, offset and code, in the order in which they come. */
async function fetchOffsets(client: RawClient, groupId: string, named: NamedTwice, version: 5 | 7) {
  const flexible = version === 7;
  const reader = await client.call({
    key: 9,
    version,
    flexible,
    body: (writer) => {
      if (flexible) writeCompactNamed(writer.compactString(groupId), named).boolean(false).noTags();
      else writeNamed(writer.string(groupId), named);
    },
  });
  reader.int32();
  const each = () => {
    const [partition, offset] = [reader.int32(), reader.int64()];
    reader.int32();
    if (flexible) reader.compactNullableString();
    else reader.nullableString();
    return [partition, offset, reader.int16()];
  };
  return flexible ? readCompactNamed(reader, each) : readNamed(reader, each);
}

async function offsets(stage: ContractStage): Promise<void> {
  const { topic } = await stage.topic(4);
  const { groupId, connect } = await stage.group();
  const group = await connect();
  let offset = 1;
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    const commit = await group.call({
      key: 8,
      version: 7,
      body: (writer) =>
        writeNamed(writer.string(groupId).int32(-1).string('').nullableString(null), named, (w) =>
          w.int64(offset++).int32(-1).nullableString(''),
        ),
    });
    commit.int32();
    await stage.note(`OffsetCommit, ${what}`, readNamed(commit, partitionAndCode));
    await stage.note(`committed by ${what}`, fetchOffsets(group, groupId, [[topic, [0, 3]]], 5));
  }
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    await stage.note(`OffsetFetch 5, ${what}`, fetchOffsets(group, groupId, named, 5));
    await stage.note(`OffsetFetch 7, ${what}`, fetchOffsets(group, groupId, named, 7));
  }
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    const deleted = await group.call({
      key: 47,
      version: 0,
      body: (writer) => writeNamed(writer.string(groupId), named),
    });
    const code = deleted.int16();
    deleted.int32();
    await stage.note(`OffsetDelete, ${what}`, { code, topics: readNamed(deleted, partitionAndCode) });
  }
}

async function addPartitions({ id, coordinator }: RawTransaction, owner: Owner, named: NamedTwice) {
  const reader = await coordinator.call({
    key: 24,
    version: 3,
    flexible: true,
    body: (writer) => {
      writer.compactString(id).bigInt64(owner.producerId).int16(owner.epoch);
      writeCompactNamed(writer, named).noTags();
    },
  });
  reader.int32();
  return byPartitionNumber(readCompactNamed(reader, partitionAndCode), ([partition]) => partition);
}

async function inTransactions(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic(4);
  const { groupId, connect } = await stage.group();
  const group = await connect();
  const transaction = await newTransactionalId(stage.owner, stage.brokers);
  const owner = await initialized(transaction);
  let offset = 1;
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    await stage.note(`AddPartitionsToTxn, ${what}`, addPartitions(transaction, owner, named));
  }
  await offsetsAdded(transaction, owner, groupId);
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    const commit = await group.call({
      key: 28,
      version: 3,
      flexible: true,
      body: (writer) => {
        writer.compactString(transaction.id).compactString(groupId);
        writer.bigInt64(owner.producerId).int16(owner.epoch);
        writer.int32(-1).compactString('').compactNullableString(null);
        writeCompactNamed(writer, named, (w) =>
          w.int64(offset++).int32(-1).compactNullableString('').noTags(),
        ).noTags();
      },
    });
    commit.int32();
    await stage.note(`TxnOffsetCommit, ${what}`, readCompactNamed(commit, partitionAndCode));
  }
  for (const [what, named] of Object.entries(timesTwo(topic))) {
    const producers = await leader.call({
      key: 61,
      version: 0,
      flexible: true,
      body: (writer) => writeCompactNamed(writer, named).noTags(),
    });
    producers.int32();
    const answers = readCompactNamed(producers, (r) => {
      const [partition, code] = partitionAndCode(r);
      r.compactNullableString();
      const found = r.compactArray(() => {
        r.bigInt64();
        r.view(28);
        r.skipTags();
      });
      return [partition, code, found.length];
    });
    await stage.note(`DescribeProducers, ${what}`, answers);
  }
  await stage.note('EndTxn', end(transaction, owner, 'commit'));
}

async function groups(stage: ContractStage): Promise<void> {
  const { groupId, connect } = await stage.group();
  const group = await connect();
  const member = await join(group, groupId, { groupInstanceId: 'i' });
  const { memberId } = member;
  const described = await group.call({
    key: 15,
    version: 0,
    body: (writer) => writer.array([groupId, groupId], (_, id) => writer.string(id)),
  });
  await stage.note(
    'DescribeGroups',
    described.array(() => {
      const found = [described.int16(), described.string(), described.string()] as const;
      described.string();
      described.string();
      described.array(() => {
        for (let i = 0; i < 3; i++) described.string();
        described.bytes();
        described.bytes();
      });
      return found;
    }),
  );
  await stage.note(
    'LeaveGroup of a member twice',
    leaveTogether(group, groupId, [
      { memberId, groupInstanceId: 'i' },
      { memberId, groupInstanceId: 'i' },
    ]),
  );
  const deleted = await group.call({
    key: 42,
    version: 1,
    body: (writer) => writer.array([groupId, groupId], (_, id) => writer.string(id)),
  });
  deleted.int32();
  await stage.note(
    'DeleteGroups',
    deleted.array(() => [deleted.string(), deleted.int16()] as const),
  );
}

/**
 * What is answered to a request about groups or transactions that names something twice. Not to
 * WriteTxnMarkers: Kafka 4.1 never answers one that names a partition twice.
 */
export const groupRepeatCases: readonly RecordedCase[] = [
  { title: 'partitions that requests about offsets name twice', play: offsets },
  { title: 'partitions that requests of transactions name twice', play: inTransactions },
  { title: 'groups and members that are named twice', play: groups },
];
