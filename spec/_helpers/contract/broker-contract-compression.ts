import { TRANSACTIONAL } from '../../../source/kafka/records/batch-header.ts';
import { codecNamed, prepareCompression } from '../../../source/kafka/records/compression.ts';
import type { Compression } from '../../../source/kafka/sink.ts';
import { present } from '../raw/present.ts';
import { rawBatch, rawRecord, rawRecords, type BatchParts } from '../raw/raw-batch.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { initProducerId, produce } from '../raw/raw-produce.ts';
import { setTopic } from '../raw/topic-values.ts';
import { unlessBusy } from '../raw/raw-transactions.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';
import { shownBatches } from './shown-batches.ts';

const codecs: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const TIME = 1_700_000_000_000;
/** Records of a batch that is inflated and compressed elsewhere. */
const COUNT = 2_000;

/** A batch whose records are compressed, with these bytes before that. */
function compressed(codec: Compression, body: Buffer, parts: BatchParts = {}): Buffer {
  const { bits, compress } = codecNamed(codec);
  return rawBatch({ ...parts, attributes: (parts.attributes ?? 0) | bits, body: compress(body) });
}

/** Records whose times go back and forth, and that have keys, nulls and headers. */
const mixed = Buffer.concat([
  rawRecord({ timestampDelta: 7, key: Buffer.from('a'), value: Buffer.from('one '.repeat(40)) }),
  rawRecord({ timestampDelta: 30, offsetDelta: 1, valueLength: -1, value: Buffer.alloc(0) }),
  rawRecord({
    timestampDelta: 2,
    offsetDelta: 2,
    headerCount: 1,
    after: Buffer.from([2, 0x68, 4, 0x68, 0x69]),
  }),
]);

async function answered(leader: RawClient, topic: string, records: Buffer) {
  const { code, baseOffset, logAppendTime } = present((await produce(leader, [{ topic, records }]))[0]);
  return [code, baseOffset, logAppendTime];
}

async function lastBatch(leader: RawClient, topic: string, offset: number) {
  const [fetched] = await fetch(leader, topic, [{ partition: 0, offset }]);
  return present(shownBatches(present(fetched).records).at(-1));
}

function storedIn(type: string) {
  return async (stage: ContractStage): Promise<void> => {
    await prepareCompression();
    const { topic, leader } = await stage.topic();
    await setTopic(leader, topic, { 'compression.type': type });
    for (const [i, codec] of codecs.entries()) {
      const batch = compressed(codec, mixed, { count: 3, timestamp: TIME });
      await stage.note(`${codec} is acked`, answered(leader, topic, batch));
      await stage.note(`${codec} is stored as`, lastBatch(leader, topic, 3 * i));
    }
  };
}

async function appendTime(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await setTopic(leader, topic, { 'compression.type': 'gzip', 'message.timestamp.type': 'LogAppendTime' });
  const batch = compressed('none', mixed, { count: 3, timestamp: TIME });
  await stage.note('is acked', answered(leader, topic, batch));
  const { baseTimestamp, maxTimestamp, attributes } = await lastBatch(leader, topic, 0);
  await stage.note('is stored as', { baseTimestamp, maxTimestamp, attributes });
}

async function producers(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await setTopic(leader, topic, { 'compression.type': 'lz4' });
  const { producerId } = await unlessBusy(() => initProducerId(leader));
  const batch = (sequence: number) =>
    compressed('gzip', mixed, { count: 3, timestamp: TIME, producerId, epoch: 0, sequence });
  await stage.note('the first batch', answered(leader, topic, batch(0)));
  await stage.note('the second', answered(leader, topic, batch(3)));
  await stage.note('the second again', answered(leader, topic, batch(3)));
  await stage.note('one that leaves some out', answered(leader, topic, batch(9)));
  await stage.note('is stored as', lastBatch(leader, topic, 3));
  const transactional = compressed('gzip', mixed, { count: 3, attributes: TRANSACTIONAL });
  await stage.note('of a transaction', answered(leader, topic, transactional));
}

async function sizes(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const long = rawRecords(1, 20_000);
  await setTopic(leader, topic, { 'compression.type': 'gzip', 'max.message.bytes': '2000' });
  await stage.note('too long as it comes', answered(leader, topic, compressed('none', long)));
  await stage.note('short', answered(leader, topic, compressed('gzip', long)));
  await setTopic(leader, topic, { 'compression.type': 'uncompressed' });
  await stage.note('too long as it would be stored', answered(leader, topic, compressed('gzip', long)));
}

async function damaged(stage: ContractStage): Promise<void> {
  await prepareCompression();
  const { topic, leader } = await stage.topic();
  const same = Buffer.concat([rawRecord(), rawRecord()]);
  const bodies: readonly (readonly [what: string, body: Buffer, count: number])[] = [
    ['equal offsets', same, 2],
    ['offsets with a gap', Buffer.concat([rawRecord(), rawRecord({ offsetDelta: 5 })]), 2],
    ['fewer records than said', rawRecord(), 2],
    ['more records than said', same, 1],
    ['a cut record', rawRecord().subarray(0, 4), 1],
    ['a value beyond the end', rawRecord({ valueLength: 1000 }), 1],
    ['no records', Buffer.alloc(0), 1],
  ];
  for (const [type, source] of [
    ['gzip', 'none'],
    ['uncompressed', 'gzip'],
    ['lz4', 'gzip'],
    ['gzip', 'gzip'],
  ] as const) {
    await setTopic(leader, topic, { 'compression.type': type });
    for (const [what, body, count] of bodies) {
      const batch = compressed(source, body, { count });
      const [code] = await answered(leader, topic, batch);
      await stage.note(`${what}, ${source} for ${type}`, present(code));
    }
  }
  await stage.note('bytes that are no gzip', answered(leader, topic, rawBatch({ attributes: 1 })));
  await stage.note('the first batch', lastBatch(leader, topic, 0));
}

async function big(stage: ContractStage): Promise<void> {
  await prepareCompression();
  const { topic, leader } = await stage.topic();
  const body = rawRecords(COUNT, 1_000);
  let offset = 0;
  for (const [type, source] of [
    ['zstd', 'gzip'],
    ['gzip', 'zstd'],
    ['snappy', 'lz4'],
  ] as const) {
    await setTopic(leader, topic, { 'compression.type': type });
    const batch = compressed(source, body, { count: COUNT });
    await stage.note(`${source} for ${type}`, answered(leader, topic, batch));
    const shown = await lastBatch(leader, topic, offset);
    const records = shown.records as unknown[][];
    const [lastOffset] = present(records.at(-1));
    await stage.note(`${source} is stored as`, { ...shown, records: [records.length, lastOffset] });
    offset += COUNT;
  }
}

/** The setting compression.type of a topic: batches are stored in its codec. */
export const compressionCases: readonly RecordedCase[] = [
  { title: 'a topic of type producer keeps batches as they come', play: storedIn('producer') },
  { title: 'a topic can store all batches uncompressed', play: storedIn('uncompressed') },
  { title: 'a topic can store all batches as gzip', play: storedIn('gzip') },
  { title: 'a topic can store all batches as snappy', play: storedIn('snappy') },
  { title: 'a topic can store all batches as lz4', play: storedIn('lz4') },
  { title: 'a topic can store all batches as zstd', play: storedIn('zstd') },
  { title: 'a recompressed batch has the time of the broker where its topic wants that', play: appendTime },
  { title: 'a recompressed batch is known as a duplicate, and keeps its producer', play: producers },
  { title: 'a batch is measured as it comes and as it is stored', play: sizes },
  { title: 'damaged records are refused in every codec, and wrong offsets corrected', play: damaged },
  { title: 'big batches are recompressed', play: big },
];
