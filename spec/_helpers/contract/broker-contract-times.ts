import { TRANSACTIONAL } from '../../../source/kafka/records/batch-header.ts';
import { codecNamed, prepareCompression } from '../../../source/kafka/records/compression.ts';
import type { Compression } from '../../../source/kafka/sink.ts';
import { rawBatch, rawRecord, rawRecords } from '../raw/raw-batch.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { deleteRecords, listOffsets } from '../raw/raw-log.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { listOffset } from '../raw/raw-topics.ts';
import { added, initialized, newTransactionalId, produceInTransaction } from '../raw/raw-transactions.ts';
import { setTopic } from '../raw/topic-values.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

const TIME = 1_700_000_000_000;
/** Records of a batch that is looked through elsewhere. */
const COUNT = 2_000;
const codecs: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** A batch with records at these times after TIME. */
function batchAt(codec: Compression, deltas: readonly number[]): Buffer {
  const records = deltas.map((timestampDelta, offsetDelta) => rawRecord({ timestampDelta, offsetDelta }));
  const { bits, compress } = codecNamed(codec);
  const body = compress(Buffer.concat(records));
  return rawBatch({ count: deltas.length, attributes: bits, body, maxTimestamp: TIME + Math.max(...deltas) });
}

async function found(leader: RawClient, topic: string, timestamp: number, isolation: 0 | 1 = 0) {
  const {
    code,
    offset,
    timestamp: time,
    leaderEpoch,
  } = await listOffset(leader, topic, timestamp, { isolation });
  return { code, offset, time, leaderEpoch };
}

async function inCodecs(stage: ContractStage): Promise<void> {
  await prepareCompression();
  for (const codec of codecs) {
    const { topic, leader } = await stage.topic();
    await produceOne(leader, topic, batchAt(codec, [0, 10, 5, 30]));
    await produceOne(leader, topic, batchAt(codec, [20, 40]));
    for (const delta of [-1000, 0, 1, 6, 10, 11, 30, 31, 41])
      await stage.note(`${codec}, at ${delta}`, found(leader, topic, TIME + delta));
  }
}

async function inBigBatches(stage: ContractStage): Promise<void> {
  await prepareCompression();
  const { topic, leader } = await stage.topic();
  for (const [i, codec] of codecs.slice(1).entries()) {
    const { bits, compress } = codecNamed(codec);
    const timestamp = TIME + 100_000 * i;
    const body = compress(rawRecords(COUNT, 1_000));
    const batch = rawBatch({ count: COUNT, attributes: bits, body, timestamp });
    await stage.note(`${codec} is taken`, produceOne(leader, topic, batch));
    await stage.note(`${codec}, in the middle`, found(leader, topic, timestamp + 1_001));
    await stage.note(`${codec}, at its end`, found(leader, topic, timestamp + COUNT - 1));
  }
  const wanted = [TIME, TIME + 99_999, TIME + 101_000].map((time) => [0, time] as const);
  for (const [i, one] of wanted.entries()) await stage.note(`query ${i}`, listOffsets(leader, topic, [one]));
}

async function afterDeletion(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await produceOne(leader, topic, batchAt('lz4', [0, 10, 20, 15]));
  await produceOne(leader, topic, batchAt('lz4', [5, 6]));
  await stage.note('deleted', deleteRecords(leader, topic, 3));
  for (const delta of [0, 6, 11, 16, 21]) await stage.note(`at ${delta}`, found(leader, topic, TIME + delta));
}

async function ofTheBroker(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await setTopic(leader, topic, { 'message.timestamp.type': 'LogAppendTime' });
  await produceOne(leader, topic, batchAt('snappy', [0, 10, 20]));
  await produceOne(leader, topic, batchAt('none', [0, 10, 20]));
  await stage.note('at 0', found(leader, topic, 0));
  await stage.note('at the time of the producer', found(leader, topic, TIME + 10));
  await stage.note('tomorrow', found(leader, topic, Date.now() + 86_400_000));
  await deleteRecords(leader, topic, 1);
  await stage.note('after the first is deleted', found(leader, topic, 0));
}

async function withoutTime(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await produceOne(leader, topic, rawBatch({ timestamp: -1 }));
  await produceOne(leader, topic, rawBatch({ timestamp: -1, count: 2 }));
  for (const time of [0, 1]) await stage.note(`at ${time}`, found(leader, topic, time));
}

async function specialTimes(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await produceOne(leader, topic, batchAt('gzip', [0, 30, 20]));
  for (const time of [-1, -2, -3, -4, -5, -6, -7, -100])
    await stage.note(`at ${time}`, found(leader, topic, time));
}

async function committedOnly(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const transaction = await newTransactionalId(stage.owner, stage.brokers);
  const owner = await initialized(transaction);
  await produceOne(leader, topic, batchAt('none', [0]));
  await added(transaction, owner, topic);
  await produceInTransaction(leader, transaction.id, topic, owner, {
    attributes: TRANSACTIONAL,
    timestamp: TIME + 10,
  });
  await produceOne(leader, topic, batchAt('none', [20]));
  for (const delta of [0, 1, 11, 21]) {
    await stage.note(`all, at ${delta}`, found(leader, topic, TIME + delta));
    await stage.note(`committed, at ${delta}`, found(leader, topic, TIME + delta, 1));
  }
}

/** ListOffsets by time. */
export const timeCases: readonly RecordedCase[] = [
  { title: 'a record is found by its time within a batch of each codec', play: inCodecs },
  { title: 'a record is found by its time within a big batch', play: inBigBatches },
  { title: 'deleted records of a compressed batch are not found by their time', play: afterDeletion },
  { title: 'in a topic with the time of the broker the first record of a batch is found', play: ofTheBroker },
  { title: 'records without a time are not found', play: withoutTime },
  { title: 'times below 0 stand for places in the log', play: specialTimes },
  { title: 'readers of committed records find none that they cannot read yet', play: committedOnly },
];
