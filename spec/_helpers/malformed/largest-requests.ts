import { gzipSync } from 'node:zlib';
import type { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import { rawBatch, rawRecords } from '../raw/raw-batch.ts';
import type { RawRequest } from '../raw/raw-client.ts';

/** The topic with as many partitions as a request may create. */
export const WIDE = 'wide';
const WIDE_PARTITIONS = 9_999;
/** A topic that is there. */
const SMALL = 'target';
const longText = 'x'.repeat(32_000);

type Body = (writer: WireWriter) => unknown;

/** Who may write in a transaction. */
export interface TransactionOwner {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const many = numbers(19_500);

function plain(key: number, version: number, body: Body): RawRequest {
  return { key, version, body: (writer) => void body(writer) };
}

function flexible(key: number, version: number, body: Body): RawRequest {
  return { key, version, flexible: true, body: (writer) => void body(writer) };
}

/** An array with the wide topic, and this many of its partitions. */
function wide(writer: WireWriter, count: number, each: (writer: WireWriter) => unknown): WireWriter {
  return writer
    .int32(1)
    .string(WIDE)
    .array(numbers(count), (_, i) => void each(writer.int32(i % WIDE_PARTITIONS)));
}

/** As {@link wide}, of a flexible version. */
function compactWide(writer: WireWriter, count: number, each: (writer: WireWriter) => unknown): WireWriter {
  writer.uvarint(2).compactString(WIDE);
  return writer.compactArray(numbers(count), (_, i) => void each(writer.int32(i % WIDE_PARTITIONS))).noTags();
}

function createTopics(names: readonly string[], partitions: number, settings = 0): RawRequest {
  return plain(19, 4, (w) =>
    w
      .array(names, (_, name) =>
        w
          .string(name)
          .int32(partitions)
          .int16(-1)
          .int32(0)
          .array(numbers(settings), (__, i) => w.string(`s${i}`).nullableString('1')),
      )
      .int32(100)
      .boolean(false),
  );
}

function grown(total: number): RawRequest {
  return plain(37, 1, (w) => w.int32(1).string(SMALL).int32(total).int32(-1).int32(100).boolean(false));
}

/** Makes the topic with many partitions. */
export const createWide = createTopics([WIDE], WIDE_PARTITIONS);

/** For each API the requests that take longest to serve, by what they ask for. */
export function largestRequests(owner: TransactionOwner): Readonly<Record<string, RawRequest>> {
  const batch = rawBatch({ count: 50_000, body: rawRecords(50_000) });
  const bomb = rawBatch({ attributes: 1, body: gzipSync(Buffer.alloc(200_000_000)) });
  const list = numbers(8_000).join(':1,');
  const inTransaction = (w: WireWriter) =>
    w.compactString(owner.transactionalId).bigInt64(owner.producerId).int16(owner.epoch);
  const changed = (key: number, change: Body, count: number): RawRequest =>
    plain(key, key === 33 ? 1 : 0, (w) =>
      w
        .int32(1)
        .int8(2)
        .string(SMALL)
        .array(numbers(count), () => change(w))
        .boolean(false),
    );
  let setting = 0;
  return {
    'Produce: 90 MB of records': plain(0, 7, (w) => {
      w.nullableString(null).int16(-1).int32(100).int32(1).string(WIDE);
      return w.array(numbers(Math.floor(90_000_000 / batch.length)), (_, i) => w.int32(i).bytes(batch));
    }),
    'Produce: a gzip of 200 MB': plain(0, 7, (w) =>
      w.nullableString(null).int16(-1).int32(100).int32(1).string(SMALL).int32(1).int32(0).bytes(bomb),
    ),
    'Produce: 9,900 partitions without records': plain(0, 7, (w) =>
      wide(w.nullableString(null).int16(-1).int32(100), 9_900, () => w.bytes(null)),
    ),
    'Fetch: 9,900 partitions': plain(1, 10, (w) =>
      wide(
        w
          .int32(-1)
          .int32(50)
          .int32(1)
          .int32(1 << 20)
          .int8(0)
          .int32(0)
          .int32(0),
        9_900,
        () =>
          w
            .int32(-1)
            .int64(0)
            .int64(-1)
            .int32(1 << 20),
      ).int32(0),
    ),
    'ListOffsets: the times of 9,900 partitions': plain(2, 5, (w) =>
      wide(w.int32(-1).int8(0), 9_900, () => w.int32(-1).int64(5)),
    ),
    'Metadata: all topics': plain(3, 1, (w) => w.int32(-1)),
    'Metadata: 19,500 topics': plain(3, 1, (w) => w.array(many, (_, i) => w.string(`none-${i}`))),
    'Metadata: an array that is longer than its request': plain(3, 1, (w) => w.int32(0x7fff_ffff)),
    'OffsetCommit: 9,900 partitions': plain(8, 7, (w) =>
      wide(w.string('g').int32(-1).string('').nullableString(null), 9_900, () =>
        w.int64(1).int32(-1).nullableString(''),
      ),
    ),
    'OffsetCommit: 11,900 partitions of which most are unknown': plain(8, 7, (w) =>
      w
        .string('g')
        .int32(-1)
        .string('')
        .nullableString(null)
        .int32(1)
        .string(SMALL)
        .array(numbers(11_900), (_, i) => w.int32(i).int64(1).int32(-1).nullableString('')),
    ),
    'OffsetFetch: 19,500 partitions': flexible(9, 7, (w) =>
      compactWide(w.compactString('g'), 19_500, () => w)
        .boolean(true)
        .noTags(),
    ),
    'OffsetFetch: all that a group committed': flexible(9, 7, (w) =>
      w.compactString('g').uvarint(0).boolean(true).noTags(),
    ),
    'FindCoordinator: a long name': plain(10, 2, (w) => w.string(longText).int8(0)),
    'JoinGroup: 990 protocols with 8 MB': plain(11, 5, (w) =>
      w
        .string('many protocols')
        .int32(10_000)
        .int32(100)
        .string('')
        .nullableString('static')
        .string('consumer')
        .array(numbers(990), (_, i) => w.string(`p${i}`).bytes(Buffer.alloc(8_000))),
    ),
    'Heartbeat: long names': plain(12, 3, (w) =>
      w.string(longText).int32(1).string(longText).nullableString(longText),
    ),
    'LeaveGroup: 19,500 members': plain(13, 3, (w) =>
      w.string('g').array(many, (_, i) => w.string(`m${i}`).nullableString(null)),
    ),
    'SyncGroup: the parts of 4,900 members': plain(14, 3, (w) =>
      w
        .string('g')
        .int32(1)
        .string('m')
        .nullableString(null)
        .array(numbers(4_900), (_, i) => w.string(`m${i}`).bytes(Buffer.alloc(1_000))),
    ),
    'DescribeGroups: 19,500 groups': plain(15, 4, (w) =>
      w.array(many, (_, i) => w.string(`g${i}`)).boolean(true),
    ),
    'DescribeGroups: one group 19,500 times': plain(15, 4, (w) =>
      w.array(many, () => w.string('g')).boolean(true),
    ),
    'ListGroups: all': plain(16, 2, (w) => w),
    'ApiVersions: all': plain(18, 1, (w) => w),
    'CreateTopics: a topic of 100,000 partitions': createTopics(['large'], 100_000),
    'CreateTopics: a topic of 2^31 - 1 partitions': createTopics(['large'], 0x7fff_ffff),
    'CreateTopics: thousands of topics': createTopics(
      numbers(4_000).map((i) => `topic-${i}`),
      1,
    ),
    'CreateTopics: 11,900 settings': createTopics(['set'], 1, 11_900),
    'CreateTopics: one topic 11,900 times': createTopics(
      numbers(11_900).map(() => 'twice'),
      1,
    ),
    'DeleteTopics: 19,500 topics': plain(20, 3, (w) =>
      w.array(many, (_, i) => w.string(`topic-${i}`)).int32(100),
    ),
    'DeleteRecords: 19,500 partitions': plain(21, 1, (w) => wide(w, 19_500, () => w.int64(0)).int32(100)),
    'InitProducerId: a long name': flexible(22, 4, (w) =>
      w.compactNullableString(longText).int32(60_000).bigInt64(-1n).int16(-1).noTags(),
    ),
    'OffsetForLeaderEpoch: 19,500 partitions': plain(23, 3, (w) =>
      wide(w.int32(-1), 19_500, () => w.int32(-1).int32(0)),
    ),
    'AddPartitionsToTxn: 9,900 partitions': flexible(24, 3, (w) =>
      compactWide(inTransaction(w), 9_900, () => w).noTags(),
    ),
    'AddOffsetsToTxn: a group': flexible(25, 3, (w) => inTransaction(w).compactString('g').noTags()),
    'TxnOffsetCommit: 9,900 partitions': flexible(28, 3, (w) => {
      w.compactString(owner.transactionalId).compactString('g').bigInt64(owner.producerId).int16(owner.epoch);
      w.int32(-1).compactString('').compactNullableString(null);
      return compactWide(w, 9_900, () => w.int64(5).int32(-1).compactNullableString('').noTags()).noTags();
    }),
    'DescribeTransactions: one with 9,900 partitions, 400 times': flexible(65, 0, (w) =>
      w.compactArray(numbers(400), () => w.compactString(owner.transactionalId)).noTags(),
    ),
    'DescribeTransactions: 19,500 that are unknown': flexible(65, 0, (w) =>
      w.compactArray(many, (_, i) => w.compactString(`t${i}`)).noTags(),
    ),
    'ListTransactions: 19,500 states': flexible(66, 1, (w) =>
      w
        .compactArray(many, (_, i) => w.compactString(`s${i}`))
        .uvarint(1)
        .int64(-1)
        .noTags(),
    ),
    'EndTxn: one of 9,900 partitions and as many offsets': flexible(26, 3, (w) =>
      inTransaction(w).boolean(true).noTags(),
    ),
    'WriteTxnMarkers: 19,500 markers': flexible(27, 1, (w) => {
      w.uvarint(2).bigInt64(999n).int16(0).boolean(false);
      return compactWide(w, 19_500, () => w)
        .int32(0)
        .noTags()
        .noTags();
    }),
    'DescribeProducers: 19,500 partitions': flexible(61, 0, (w) => compactWide(w, 19_500, () => w).noTags()),
    'DescribeConfigs: 9,000 topics': plain(32, 3, (w) =>
      w
        .array(numbers(9_000), () => w.int8(2).string(SMALL).int32(-1))
        .boolean(true)
        .boolean(true),
    ),
    'AlterConfigs: 9,900 settings of one topic': changed(
      33,
      (w) => w.string(`s${setting++}`).nullableString('1'),
      9_900,
    ),
    'AlterConfigs: 9,900 topics': plain(33, 1, (w) =>
      w.array(numbers(9_900), (_, i) => w.int8(2).string(`topic-${i}`).int32(0)).boolean(false),
    ),
    'IncrementalAlterConfigs: a list becomes long': changed(
      44,
      (w) => w.string('leader.replication.throttled.replicas').int8(2).nullableString(list.slice(0, 16_000)),
      1,
    ),
    'IncrementalAlterConfigs: what is in a list is taken out of it': changed(
      44,
      (w) => w.string('leader.replication.throttled.replicas').int8(3).nullableString(list.slice(0, 16_000)),
      1,
    ),
    'IncrementalAlterConfigs: 9,900 settings of one topic': changed(
      44,
      (w) => w.string(`s${setting++}`).int8(0).nullableString('1'),
      9_900,
    ),
    'CreatePartitions: 100,000': grown(100_000),
    'CreatePartitions: 2^31 - 1': grown(0x7fff_ffff),
    'CreatePartitions: of 19,500 topics': plain(37, 1, (w) =>
      w
        .array(many, (_, i) => w.string(`topic-${i}`).int32(3).int32(-1))
        .int32(100)
        .boolean(false),
    ),
    'DeleteGroups: 19,500 groups': plain(42, 1, (w) => w.array(many, (_, i) => w.string(`g${i}`))),
    'OffsetDelete: 19,500 partitions': plain(47, 0, (w) => wide(w.string('g'), 19_500, () => w)),
    'OffsetFetch: 8 MB of tagged fields': flexible(9, 7, (w) =>
      w.compactString('g').uvarint(1).boolean(false).uvarint(4_000_000).raw(Buffer.alloc(8_000_000)),
    ),
  };
}
