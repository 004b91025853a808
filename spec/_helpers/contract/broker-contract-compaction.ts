import { TRANSACTIONAL } from '../../../source/kafka/records/batch-header.ts';
import type { Compression } from '../../../source/kafka/sink.ts';
import { present } from '../raw/present.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { deleteRecords, endOfEpoch, listOffsets } from '../raw/raw-log.ts';
import { initProducerId } from '../raw/raw-produce.ts';
import type { Owner } from '../raw/raw-transaction-reports.ts';
import {
  added,
  end,
  initialized,
  newTransactionalId,
  unlessBusy,
  type RawTransaction,
} from '../raw/raw-transactions.ts';
import { listOffset } from '../raw/raw-topics.ts';
import { until } from '../until.ts';
import { CompactedTopic, TIME, keyedBatch } from './compacted-topic.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

async function holes(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  await made.writeAll(
    [
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ],
    [
      ['a', '2'],
      ['b', '2'],
    ],
    [['a', '3']],
    [['a', '4']],
  );
  await made.compact();
  const { topic, leader } = made;
  await stage.note('from the start', made.batches());
  await stage.note('from a record that is gone', made.batches(1));
  await stage.note('from a batch that is gone', made.batches(5));
  await stage.note(
    'offsets',
    Promise.all(
      [-2, -1, TIME, TIME + 2, TIME + 3, TIME + 10, TIME + 20].map((time) => listOffset(leader, topic, time)),
    ),
  );
  await stage.note('the end of the epoch', endOfEpoch(leader, topic, 0));
  await stage.note('the next record', made.write({ records: [['d', '1']] }));
  await stage.note('from the end', made.batches(11));
}

async function tombstones(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, { 'delete.retention.ms': '0' });
  await made.writeAll(
    [
      ['a', '1'],
      ['b', '1'],
    ],
    [
      ['a', null],
      ['b', '2'],
    ],
    [['never there', null]],
    [
      ['c', null],
      ['c', '1'],
    ],
  );
  await made.compact();
  await stage.note('at first', made.batches());
  await made.compact();
  await stage.note('then', made.batches());
}

async function keptTombstones(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, { 'delete.retention.ms': '3000000' });
  await made.writeAll([
    ['a', null],
    ['b', '1'],
  ]);
  await made.compact();
  await stage.note('at first', made.batches());
  await made.writeAll([['b', '2']]);
  await made.compact();
  await stage.note('then', made.batches());
}

async function producers(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  const { producerId } = await unlessBusy(() => initProducerId(made.leader));
  const write = (baseSequence: number, ...keys: readonly string[]) => {
    const records = keys.map((key) => [key, `${key} of a producer`] as const);
    return made.write({ records, producer: { producerId, epoch: 0, baseSequence }, timestamp: TIME });
  };
  await write(0, 'a');
  await write(1, 'b', 'c');
  await made.writeAll([
    ['a', '2'],
    ['b', '2'],
    ['c', '2'],
  ]);
  await made.compact();
  await stage.note('batches', made.batches());
  await stage.note('the last batch again', write(1, 'b', 'c'));
  await stage.note('a batch that leaves one out', write(4, 'd'));
  await stage.note('the next batch', write(3, 'd'));
  await made.compact();
  await stage.note('after a later batch', made.batches());
}

/** Writes one batch of a transaction. */
async function writeIn(
  made: CompactedTopic,
  transaction: RawTransaction,
  owner: Owner,
  baseSequence: number,
  [key, value]: readonly [key: string, value: string],
): Promise<number> {
  const producer = { ...owner, baseSequence, transactional: true };
  const records = keyedBatch({ records: [[key, value]], producer, timestamp: made.nextTime });
  if ((records.readInt16BE(21) & TRANSACTIONAL) === 0) throw new Error('The batch is of no transaction');
  const reader = await made.leader.call({
    key: 0,
    version: 7,
    body: (writer) =>
      writer
        .nullableString(transaction.id)
        .int16(-1)
        .int32(5_000)
        .int32(1)
        .string(made.topic)
        .int32(1)
        .int32(0)
        .bytes(records),
  });
  const [[code] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      const answered = reader.int16();
      for (let field = 0; field < 3; field++) reader.int64();
      return answered;
    });
  });
  return present(code);
}

/** Ends a transaction, and waits for its marker: it is acked before that. */
async function ended(
  made: CompactedTopic,
  transaction: RawTransaction,
  owner: Owner,
  outcome: 'commit' | 'abort',
): Promise<void> {
  const code = await end(transaction, owner, outcome);
  if (code !== 0) throw new Error(`The transaction was not ended: code ${code}`);
  const isStable = async () => {
    const { offset: stable } = await listOffset(made.leader, made.topic, -1, { isolation: 1 });
    const { offset: all } = await listOffset(made.leader, made.topic, -1);
    return stable === all;
  };
  await until(isStable, { deadlineMs: 20_000, what: 'a marker' });
}

async function transactions(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, { 'delete.retention.ms': '0' });
  const [one, two] = [
    await newTransactionalId(stage.owner, stage.brokers),
    await newTransactionalId(stage.owner, stage.brokers),
  ];
  const first = await initialized(one);
  const second = await initialized(two);
  await made.writeAll([
    ['a', '1'],
    ['b', '1'],
  ]);
  await added(one, first, made.topic);
  await writeIn(made, one, first, 0, ['a', 'aborted']);
  await writeIn(made, one, first, 1, ['b', 'aborted']);
  await ended(made, one, first, 'abort');
  await added(two, second, made.topic);
  await writeIn(made, two, second, 0, ['b', 'committed']);
  await writeIn(made, two, second, 1, ['c', 'committed']);
  await ended(made, two, second, 'commit');
  // A later transaction of the first one, so that what was aborted is not its last batch.
  await added(one, first, made.topic);
  await writeIn(made, one, first, 2, ['d', 'committed']);
  await ended(made, one, first, 'commit');
  await made.writeAll([['c', '3']], [['d', '3']]);
  for (const time of ['first', 'second', 'third', 'fourth']) {
    await made.compact();
    await stage.note(`after the ${time} time`, made.batches());
    const [fetched] = await fetch(made.leader, made.topic, [{ partition: 0, offset: 0 }], { isolation: 1 });
    await stage.note(`aborted, after the ${time} time`, present(fetched).aborted);
  }
}

async function openTransaction(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  const transaction = await newTransactionalId(stage.owner, stage.brokers);
  const owner = await initialized(transaction);
  await made.writeAll([['a', '1']], [['a', '2']]);
  await made.mark();
  await added(transaction, owner, made.topic);
  await writeIn(made, transaction, owner, 0, ['a', 'open']);
  await made.writeAll([['a', '3']], [['a', '4']]);
  await made.compact({ mark: false });
  await stage.note('while it is open', made.batches());
  await ended(made, transaction, owner, 'abort');
  await made.compact();
  await stage.note('after it was aborted', made.batches());
}

async function codecs(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  const all: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
  for (const compression of all) {
    const records = ['a', 'b', 'c'].map((key) => [`${compression} ${key}`, 'former'.repeat(20)] as const);
    await made.write({ compression, records });
  }
  for (const compression of all) await made.write({ compression, records: [[`${compression} b`, 'latter']] });
  await made.compact();
  await stage.note('batches', made.batches());
}

async function young(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  await made.writeAll([['a', '1']], [['a', '2']]);
  await made.mark();
  await made.write({ records: [['a', 'young']], timestamp: Date.now() - 600_000 });
  await made.writeAll([['a', 'old, after a young one']]);
  await made.compact({ mark: false, lagMs: 3_000_000 });
  await stage.note('batches', made.batches());
}

async function afterDeletion(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, { 'cleanup.policy': 'compact,delete' });
  await made.writeAll(
    [['a', '1']],
    [
      ['b', '1'],
      ['c', '1'],
      ['d', '1'],
    ],
    [['c', '2']],
  );
  await stage.note('deleted before', deleteRecords(made.leader, made.topic, 2));
  await made.compact();
  const { topic, leader } = made;
  await stage.note('the start', listOffsets(leader, topic, [[0, -2]]));
  await stage.note('from the start', made.batches(2));
}

async function appendTime(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, {
    'message.timestamp.type': 'LogAppendTime',
    'delete.retention.ms': '3000000',
  });
  await made.writeAll(
    [
      ['a', '1'],
      ['b', '1'],
    ],
    [['a', '2']],
    [
      ['b', '2'],
      ['c', null],
    ],
  );
  await made.mark();
  const since = Date.now();
  // A broker begins a new file by the time of the next batch.
  await until(() => Date.now() > since + 20, { deadlineMs: 5_000, what: 'a later millisecond' });
  await made.compact({ mark: false });
  await stage.note('batches', made.batches());
}

async function withoutKeys(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage, { 'cleanup.policy': 'delete' });
  await made.writeAll(
    [
      [null, '1'],
      ['a', '1'],
    ],
    [[null, '2']],
  );
  await made.set({ 'cleanup.policy': 'compact' });
  await made.compact();
  await stage.note('batches', made.batches());
}

async function neverDeleted(stage: ContractStage): Promise<void> {
  const made = await CompactedTopic.make(stage);
  await made.writeAll([['a', '1']]);
  const { topic, leader } = made;
  await stage.note('compact', deleteRecords(leader, topic, 1));
  await stage.note('compact, beyond the end', deleteRecords(leader, topic, 99));
  await made.set({ 'cleanup.policy': 'compact,delete' });
  await stage.note('compact and delete', deleteRecords(leader, topic, 1));
}

/** What is left of a log that was compacted, and how it is read and written afterwards. */
export const compactionCases: readonly RecordedCase[] = [
  { title: 'compaction leaves the last record of each key where it was, with holes before it', play: holes },
  { title: 'tombstones are left at first, and removed later', play: tombstones },
  { title: 'tombstones are kept for as long as the topic wants', play: keptTombstones },
  { title: 'compaction leaves the last sequence of a producer, if need be without records', play: producers },
  { title: 'compaction removes what was aborted, and later the markers', play: transactions },
  { title: 'compaction goes no further than an open transaction', play: openTransaction },
  { title: 'compacted batches keep their codec', play: codecs },
  { title: 'compaction goes no further than the first young batch', play: young },
  { title: 'compaction leaves the start of a log where records were deleted', play: afterDeletion },
  { title: 'records of a topic that is only compacted cannot be deleted', play: neverDeleted },
  { title: 'compacted batches keep the time of the broker', play: appendTime },
  { title: 'compaction removes records that have no key', play: withoutKeys },
];
