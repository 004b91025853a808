import { crc32c } from '@node-rs/crc32';
import { CRC_START, TRANSACTIONAL } from '../../../source/kafka/records/batch-header.ts';
import { present } from '../raw/present.ts';
import { rawBatch, rawRecord } from '../raw/raw-batch.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { deleteRecords } from '../raw/raw-log.ts';
import { initProducerId, produceOne } from '../raw/raw-produce.ts';
import { initialized, newTransactionalId, unlessBusy } from '../raw/raw-transactions.ts';
import { setTopic } from '../raw/topic-values.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

async function fetchErrors(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await produceOne(leader, topic, rawBatch({ count: 5 }));
  await deleteRecords(leader, topic, 2);
  for (const [version, isolation] of [
    [10, 0],
    [10, 1],
    [11, 1],
  ] as const) {
    const ask = async (what: string, partition: number, offset: number, epoch = -1, name = topic) => {
      const wanted = [{ partition, offset, currentLeaderEpoch: epoch }];
      const [fetched] = await fetch(leader, name, wanted, { isolation, version });
      const { code, aborted, highWatermark, logStartOffset } = present(fetched);
      await stage.note(`${what}, isolation ${isolation}, version ${version}`, {
        code,
        aborted,
        highWatermark,
        logStartOffset,
      });
    };
    await ask('before the start', 0, 1);
    await ask('beyond the end', 0, 6);
    await ask('offset -1', 0, -1);
    await ask('no such partition', 9, 0);
    await ask('no such topic', 0, 0, -1, 'no-such-topic');
    await ask('an epoch that is too new', 0, 2, 7);
    await ask('at the end', 0, 5);
  }
}

interface ToSend {
  readonly topic: string;
  readonly records: Buffer;
  readonly partition?: number;
  readonly version?: number;
  readonly acks?: number;
  readonly transactionalId?: string | null;
}

/** Produce from version 5 on; all that is answered of one partition. */
async function answer(client: RawClient, sent: ToSend) {
  const { topic, records, partition = 0, version = 7, acks = -1, transactionalId = null } = sent;
  const reader = await client.call({
    key: 0,
    version,
    body: (writer) =>
      writer
        .nullableString(transactionalId)
        .int16(acks)
        .int32(5_000)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(partition)
        .bytes(records),
  });
  const [[answered] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      const code = reader.int16();
      return { code, baseOffset: reader.int64(), time: reader.int64(), logStartOffset: reader.int64() };
    });
  });
  return present(answered);
}

/** A batch with some of its bytes replaced, and a right CRC. */
function changed(change: (batch: Buffer) => void): Buffer {
  const batch = rawBatch();
  change(batch);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_START)), 17);
  return batch;
}

async function started(stage: ContractStage) {
  const { topic, leader } = await stage.topic();
  await produceOne(leader, topic, rawBatch({ count: 5 }));
  await deleteRecords(leader, topic, 2);
  const note = (what: string, records: Buffer, sent: Partial<ToSend> = {}) =>
    stage.note(what, answer(leader, { topic, records, ...sent }));
  return { topic, leader, note };
}

async function refusedRecords(stage: ContractStage): Promise<void> {
  const { topic, leader, note } = await started(stage);
  await note('a good batch', rawBatch());
  const crc = rawBatch();
  crc.writeUInt32BE(7, 17);
  await note('a wrong checksum', crc);
  await note('an empty batch', rawBatch({ count: 0 }));
  await note('no bytes', Buffer.alloc(0));
  await note('two batches', Buffer.concat([rawBatch(), rawBatch()]));
  await note('a base offset', rawBatch({ baseOffset: 3 }));
  await note('a count that does not fit', rawBatch({ count: 2, body: rawRecord() }));
  await note('a wrong last offset', rawBatch({ lastOffsetDelta: 3 }));
  await note('a body of nonsense', rawBatch({ body: Buffer.from('nonsense') }));
  await note('no gzip', rawBatch({ attributes: 1 }));
  await note('an unknown codec', rawBatch({ attributes: 5 }));
  await note('zstd before version 7', rawBatch({ attributes: 4 }), { version: 6 });
  await note(
    'another format',
    changed((batch) => batch.writeInt8(1, 16)),
  );
  await note('a control batch', rawBatch({ attributes: 0x20 }));
  await note('a time years ahead', rawBatch({ timestamp: 4_000_000_000_000 }));
  await note('a producer without a sequence', rawBatch({ producerId: 77n, epoch: 0 }));
  await setTopic(leader, topic, { 'max.message.bytes': '70' });
  await note('too long', rawBatch({ valueBytes: 100 }));
  await setTopic(leader, topic, { 'max.message.bytes': '100000', 'cleanup.policy': 'compact' });
  await note('without a key', rawBatch());
  await setTopic(leader, topic, { 'compression.type': 'gzip', 'max.message.bytes': '100' });
  await note('too long where it would be compressed', rawBatch({ valueBytes: 100 }));
}

async function refusedProducers(stage: ContractStage): Promise<void> {
  const { topic, leader, note } = await started(stage);
  const { producerId } = await unlessBusy(() => initProducerId(leader));
  const batch = (epoch: number, sequence: number) => rawBatch({ producerId, epoch, sequence });
  await note('the first batch', batch(1, 0));
  await note('the first batch again', batch(1, 0));
  await note('a batch that leaves some out', batch(1, 5));
  await note('an old epoch', batch(0, 0));
  await note('a new epoch that does not begin', batch(2, 5));
  const transaction = await newTransactionalId(stage.owner, stage.brokers);
  const owner = await initialized(transaction);
  const transactional = rawBatch({ ...owner, sequence: 0, attributes: TRANSACTIONAL });
  await note('of a transaction, without an id', transactional);
  await note('of a transaction that has not begun', transactional, { transactionalId: transaction.id });
  await setTopic(leader, topic, { 'min.insync.replicas': '99' });
  await note('more replicas than there are', rawBatch());
  await note('acks of two', rawBatch(), { acks: 2 });
  await note('no such partition', rawBatch(), { partition: 9 });
  await note('no such topic', rawBatch(), { topic: 'no-such-topic' });
}

/** What answers say beside their code where something is refused. */
export const refusalCases: readonly RecordedCase[] = [
  { title: 'what a fetch that fails says of a log', play: fetchErrors },
  {
    title: 'batches that are refused for their records are answered with the start of the log',
    play: refusedRecords,
  },
  { title: 'batches that are refused for their producer, or their place', play: refusedProducers },
];
