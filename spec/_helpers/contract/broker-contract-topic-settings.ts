import { RecordBatchBuilder, stampBatch } from '../../../source/kafka/records/record-batch-builder.ts';
import { measureRecord } from '../../../source/kafka/records/encode-record.ts';
import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { present } from '../raw/present.ts';
import { produce, produceOne } from '../raw/raw-produce.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { setTopic } from '../raw/topic-values.ts';
import { listOffset } from '../raw/raw-topics.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

const TIME = 1_700_000_000_000;

/** A batch of records with these keys. */
function keyed(keys: readonly (string | null)[]): Buffer {
  const builder = new RecordBatchBuilder({ compression: 'none' });
  for (const [i, key] of keys.entries()) {
    const value = Buffer.from(`v${i}`);
    const record = { key: key === null ? null : Buffer.from(key), value, headers: [], timestamp: TIME + i };
    builder.append(measureRecord(record));
  }
  const sealed = builder.seal();
  stampBatch(sealed, undefined);
  return sealed.bytes;
}

async function appendTime(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const old = () => produce(leader, [{ topic, records: keyed(['a', 'b']) }]);
  const note = async (what: string) => {
    const [{ code, baseOffset, logAppendTime }] = [present((await old())[0])];
    await stage.note(what, [code, baseOffset, logAppendTime]);
  };
  await note('with the time of the producer');
  await setTopic(leader, topic, { 'message.timestamp.type': 'LogAppendTime' });
  await note('with the time of the broker');
  await setTopic(leader, topic, { 'message.timestamp.before.max.ms': '1000' });
  await note('too old, and it does not matter');
  await setTopic(leader, topic, { 'message.timestamp.type': 'CreateTime' });
  await note('too old');
  const [fetched] = await fetch(leader, topic, [{ partition: 0, offset: 2 }]);
  const batch = present(fetched).records;
  await stage.note('the batch', {
    attributes: batch.readInt16BE(21),
    base: Number(batch.readBigInt64BE(27)),
    max: Number(batch.readBigInt64BE(35)),
  });
  const { offset, timestamp } = await listOffset(leader, topic, TIME + 10);
  await stage.note('found by a time after that of the producer', [offset, timestamp]);
}

async function keysRequired(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const note = (what: string, keys: readonly (string | null)[]) =>
    stage.note(what, produceOne(leader, topic, keyed(keys)));
  await note('before', [null]);
  await setTopic(leader, topic, { 'cleanup.policy': 'compact,delete' });
  await note('no key', [null]);
  await note('one of two has a key', ['a', null]);
  await note('both have keys', ['a', 'b']);
  await note('an empty key', ['']);
  await setTopic(leader, topic, { 'cleanup.policy': 'delete' });
  await note('after', [null]);
}

async function limits(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const batch = keyed(['a']);
  const note = (what: string) => stage.note(what, produceOne(leader, topic, batch));
  await note('by default');
  await setTopic(leader, topic, { 'max.message.bytes': String(batch.length - 1) });
  await note('a byte too long');
  await setTopic(leader, topic, { 'max.message.bytes': String(batch.length) });
  await note('just short enough');
  await setTopic(leader, topic, { 'min.insync.replicas': '99' });
  await note('more replicas in sync than there are replicas');
  await setTopic(leader, topic, { 'min.insync.replicas': '1' });
  await note('one replica in sync');
}

/** Authorized operations of the cluster and one topic, by Metadata v8. */
async function operations(client: RawClient, topic: string, asked: boolean) {
  const reader = await client.call({
    key: 3,
    version: 8,
    body: (writer) => writer.int32(1).string(topic).boolean(false).boolean(asked).boolean(asked),
  });
  reader.int32();
  reader.array(() => [reader.int32(), reader.string(), reader.int32(), reader.nullableString()]);
  reader.nullableString();
  reader.int32();
  const [ofTopic] = reader.array(() => {
    const code = reader.int16();
    reader.string();
    reader.boolean();
    reader.array(() => {
      skipPartition(reader);
    });
    return [code, reader.int32()];
  });
  return { ofTopic: present(ofTopic), ofCluster: reader.int32() };
}

function skipPartition(reader: WireReader): void {
  reader.int16();
  for (let field = 0; field < 3; field++) reader.int32();
  for (let list = 0; list < 3; list++) reader.array(() => reader.int32());
}

async function allowed(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await stage.note('not asked', operations(leader, topic, false));
  await stage.note('asked', operations(leader, topic, true));
  await stage.note('asked of a topic that does not exist', operations(leader, 'no-such-topic', true));
  const { groupId, connect } = await stage.group();
  const coordinator = await connect();
  for (const asked of [false, true]) {
    const reader = await coordinator.call({
      key: 15,
      version: 3,
      body: (writer) => writer.int32(1).string(groupId).boolean(asked),
    });
    reader.int32();
    const [answer] = reader.array(() => {
      const code = reader.int16();
      for (let field = 0; field < 4; field++) reader.string();
      reader.array(() => undefined);
      return [code, reader.int32()];
    });
    await stage.note(`${asked ? 'asked' : 'not asked'} of a group`, present(answer));
  }
}

/** What the settings of a topic do, from the moment they are changed, and what is allowed. */
export const topicSettingCases: readonly RecordedCase[] = [
  { title: 'records get their time from the broker where their topic wants that', play: appendTime },
  { title: 'records of a compacted topic need a key', play: keysRequired },
  { title: 'limits of a topic act as soon as they are changed', play: limits },
  { title: 'operations that are allowed are listed when they are asked for', play: allowed },
];
