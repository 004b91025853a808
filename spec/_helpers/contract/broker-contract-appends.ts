import { crc32c } from '@node-rs/crc32';
import { CRC_START } from '../../../source/kafka/records/batch-header.ts';
import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import type { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { listOffsets } from '../raw/raw-log.ts';
import { metadata } from '../raw/raw-topics.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;

interface ToSend {
  readonly version?: number;
  readonly acks?: number;
  readonly timeoutMs?: number;
  readonly topic: string;
  readonly partition?: number;
  readonly records?: Buffer;
}

/** Produce of one partition, versions 3 to 8. */
function request({
  version = 7,
  acks = -1,
  timeoutMs = 5_000,
  topic,
  partition = 0,
  records = rawBatch(),
}: ToSend) {
  return {
    key: 0,
    version,
    body: (writer: WireWriter) =>
      void writer
        .nullableString(null)
        .int16(acks)
        .int32(timeoutMs)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(partition)
        .bytes(records),
  };
}

function readProduced(reader: WireReader, version: number) {
  const topics = reader.array(() => {
    const topic = reader.string();
    const partitions = reader.array(() => {
      const partition = reader.int32();
      const code = reader.int16();
      const answer = { partition, code, baseOffset: reader.int64(), logAppendTime: reader.int64() };
      return version >= 5 ? { ...answer, logStartOffset: reader.int64() } : answer;
    });
    return { topic, partitions };
  });
  return topics;
}

/** All that is answered. */
async function sendWhole(client: RawClient, sent: ToSend) {
  return readProduced(await client.call(request(sent)), sent.version ?? 7);
}

/** What is answered of the one partition: code and offset. */
async function send(client: RawClient, sent: ToSend): Promise<number[]> {
  const topics = await sendWhole(client, sent);
  return topics.flatMap(({ partitions }) => partitions.flatMap(({ code, baseOffset }) => [code, baseOffset]));
}

async function versions(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  for (const version of [3, 4, 5, 6, 7]) {
    await stage.note(`version ${version}`, sendWhole(leader, { topic, version }));
    await stage.note(`version ${version}, refused`, sendWhole(leader, { topic, version, partition: 9 }));
  }
}

async function places(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await stage.note('no such topic', send(leader, { topic: 'no-such-topic' }));
  await stage.note('no name of a topic', send(leader, { topic: 'not a name' }));
  await stage.note('an empty name', send(leader, { topic: '' }));
  await stage.note('no such partition', send(leader, { topic, partition: 1 }));
  await stage.note('partition -1', send(leader, { topic, partition: -1 }));
}

async function acks(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await stage.note('of the leader', send(leader, { topic, acks: 1 }));
  await stage.note('of all', send(leader, { topic, acks: -1 }));
  await stage.note('of two', send(leader, { topic, acks: 2 }));
  await stage.note('of -2', send(leader, { topic, acks: -2 }));
  await stage.note('of two, no such partition', send(leader, { topic, acks: 2, partition: 7 }));
  await stage.note('within 0 ms', send(leader, { topic, timeoutMs: 0 }));
  await stage.note('the end', listOffsets(leader, topic, [[0, -1]]));
}

async function withoutAck(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  leader.post(request({ topic, acks: 0 }));
  leader.post(request({ topic, acks: 0 }));
  // What is answered next is the next request that wants an answer.
  await stage.note('the end', listOffsets(leader, topic, [[0, -1]]));
  leader.post(request({ topic, acks: 0, partition: 5 }));
  await stage.noteOrClosed('after an error that was not acked', metadata(leader, []));
}

async function noRecords(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await stage.note('no bytes', send(leader, { topic, records: Buffer.alloc(0) }));
  const empty = rawBatch({ count: 0 });
  await stage.note('a batch of none', send(leader, { topic, records: empty }));
  const answer = leader.call({
    key: 0,
    version: 7,
    body: (writer) => writer.nullableString(null).int16(-1).int32(5_000).int32(0),
  });
  await stage.note(
    'no topic',
    answer.then((reader) => readProduced(reader, 7)),
  );
  await stage.note('the end', listOffsets(leader, topic, [[0, -1]]));
}

/** A batch with some of its bytes replaced, and a right CRC. */
function changed(change: (batch: Buffer) => void): Buffer {
  const batch = rawBatch();
  change(batch);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_START)), 17);
  return batch;
}

async function magics(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  for (const magic of [0, 1, 3, -1]) {
    const records = changed((batch) => batch.writeInt8(magic, MAGIC_AT));
    await stage.noteOrClosed(`magic ${magic}`, send(leader, { topic, records }));
  }
}

async function control(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const records = changed((batch) => batch.writeInt16BE(CONTROL, ATTRIBUTES_AT));
  await stage.note('a control batch', send(leader, { topic, records }));
  await stage.note('the end', listOffsets(leader, topic, [[0, -1]]));
}

async function claimedAppendTime(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const records = changed((batch) => batch.writeInt16BE(LOG_APPEND_TIME, ATTRIBUTES_AT));
  await stage.note('a batch that says it has log append time', send(leader, { topic, records }));
  await stage.note('the end', listOffsets(leader, topic, [[0, -1]]));
}

async function leaderEpochs(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  for (const leaderEpoch of [0, 5, -7])
    await stage.note(
      `leader epoch ${leaderEpoch}`,
      send(leader, { topic, records: rawBatch({ leaderEpoch }) }),
    );
}

/** Produce: what is refused, and how it is acked. */
export const appendCases: readonly RecordedCase[] = [
  { title: 'each version of Produce has its answer, also when it is refused', play: versions },
  { title: 'records for what does not exist are refused, whatever its name', play: places },
  { title: 'acks are of the leader or of all', play: acks },
  { title: 'without acks nothing is answered, and an error closes the connection', play: withoutAck },
  { title: 'records that are none are refused', play: noRecords },
  { title: 'batches of other formats are refused', play: magics },
  { title: 'a client may not write control batches', play: control },
  {
    title: 'a batch that claims log append time is stored with the time of its records',
    play: claimedAppendTime,
  },
  { title: 'the leader epoch that a producer gives does not matter', play: leaderEpochs },
];
