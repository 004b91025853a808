import { uniqueName } from '../servers/embedded.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { BROKER, TOPIC } from '../raw/raw-configs.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { byPartitionNumber, readNamed, writeNamed } from '../raw/raw-repeats.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** CreateTopics v4: name, code and message of each answer, by name. */
async function createTopics(
  client: RawClient,
  topics: readonly (readonly [name: string, partitions: number, settings?: readonly [string, string][]])[],
) {
  const reader = await client.call({
    key: 19,
    version: 4,
    body: (writer) =>
      writer
        .array(topics, (_, [name, partitions, settings = []]) =>
          writer
            .string(name)
            .int32(partitions)
            .int16(1)
            .int32(0)
            .array(settings, (__, [setting, value]) => writer.string(setting).nullableString(value)),
        )
        .int32(5_000)
        .boolean(false),
  });
  reader.int32();
  return sorted(reader.array(() => [reader.string(), reader.int16(), reader.nullableString()] as const));
}

/** A broker answers for topics in an order of its own. */
function sorted<T extends readonly [string, ...unknown[]]>(answers: T[]): T[] {
  return answers.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

async function creations(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const [one, other] = [uniqueName('a'), uniqueName('b')];
  await stage.note(
    'a topic twice',
    createTopics(client, [
      [one, 1],
      [one, 1],
    ]),
  );
  await stage.note(
    'another one beside it',
    createTopics(client, [
      [one, 1],
      [other, 1],
      [one, 2],
    ]),
  );
  await stage.note(
    'three times',
    createTopics(client, [
      [one, 1],
      [one, 1],
      [one, 1],
    ]),
  );
  await stage.note(
    'none of it was created but the other',
    createTopics(client, [
      [one, 1],
      [other, 1],
    ]),
  );
  const setting = ['retention.ms', '1000'] as [string, string];
  const twice = [setting, ['retention.ms', '2000'] as [string, string]];
  const created = uniqueName('c');
  await stage.note('a setting twice', createTopics(client, [[created, 1, twice]]));
}

async function deletions(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const reader = await leader.call({
    key: 20,
    version: 3,
    body: (writer) => writer.array([topic, topic], (_, name) => writer.string(name)).int32(5_000),
  });
  reader.int32();
  await stage.note(
    'a topic twice',
    reader.array(() => [reader.string(), reader.int16()] as const),
  );
}

async function described(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const reader = await leader.call({
    key: 3,
    version: 1,
    body: (writer) => writer.array([topic, topic], (_, name) => writer.string(name)),
  });
  reader.array(() => {
    reader.int32();
    reader.string();
    reader.int32();
    reader.nullableString();
  });
  reader.int32();
  const answers = reader.array(() => {
    const code = reader.int16();
    const name = reader.string();
    reader.boolean();
    const partitions = reader.array(() => {
      const found = [reader.int16(), reader.int32()] as const;
      reader.int32();
      reader.array(() => reader.int32());
      reader.array(() => reader.int32());
      return found;
    });
    return { name, code, partitions };
  });
  await stage.note('Metadata of a topic twice', answers);
}

async function logs(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic(4);
  await produceOne(leader, topic, rawBatch({ count: 5 }));
  // Of three brokers, one leads both 0 and 3.
  const partitionTwice = [[topic, [0, 0]]] as const;
  const topicTwice = [
    [topic, [0]],
    [topic, [3]],
  ] as const;
  const both = [
    [topic, [0]],
    [topic, [0]],
  ] as const;
  for (const [what, named] of Object.entries({ partitionTwice, topicTwice, both })) {
    const epochs = await leader.call({
      key: 23,
      version: 3,
      body: (writer) => writeNamed(writer.int32(-1), named, (w) => w.int32(-1).int32(0)),
    });
    epochs.int32();
    await stage.note(
      `OffsetForLeaderEpoch, ${what}`,
      readNamed(epochs, (r) => ({ code: r.int16(), partition: r.int32(), epoch: r.int32(), end: r.int64() })),
    );
    const listed = await leader.call({
      key: 2,
      version: 2,
      body: (writer) => writeNamed(writer.int32(-1).int8(0), named, (w) => w.int64(-1)),
    });
    listed.int32();
    await stage.note(
      `ListOffsets, ${what}`,
      byPartitionNumber(
        readNamed(listed, (r) => ({
          partition: r.int32(),
          code: r.int16(),
          time: r.int64(),
          offset: r.int64(),
        })),
        ({ partition }) => partition,
      ),
    );
    const fetched = await leader.call({
      key: 1,
      version: 5,
      body: (writer) =>
        writeNamed(writer.int32(-1).int32(10).int32(0).int32(1_000_000).int8(0), named, (w) =>
          w.int64(0).int64(-1).int32(1_000_000),
        ),
    });
    fetched.int32();
    await stage.note(
      `Fetch, ${what}`,
      readNamed(fetched, (r) => {
        const answer = { partition: r.int32(), code: r.int16(), end: r.int64() };
        r.int64();
        r.int64();
        r.array(() => [r.int64(), r.int64()]);
        return { ...answer, records: r.bytes() ?? Buffer.alloc(0) };
      }),
    );
    let before = 0;
    const deleted = await leader.call({
      key: 21,
      version: 1,
      body: (writer) => writeNamed(writer, named, (w) => w.int64(before++)).int32(5_000),
    });
    deleted.int32();
    await stage.note(
      `DeleteRecords, ${what}`,
      byPartitionNumber(
        readNamed(deleted, (r) => ({ partition: r.int32(), start: r.int64(), code: r.int16() })),
        ({ partition }) => partition,
      ),
    );
  }
}

/** DescribeConfigs v1: code, name and the values of each resource. */
async function describedValues(
  client: RawClient,
  resources: readonly (readonly [type: number, name: string, settings: readonly string[]])[],
) {
  const reader = await client.call({
    key: 32,
    version: 1,
    body: (writer) =>
      writer
        .array(resources, (_, [type, name, settings]) =>
          writer
            .int8(type)
            .string(name)
            .array(settings, (__, setting) => writer.string(setting)),
        )
        .boolean(false),
  });
  reader.int32();
  return reader.array(() => {
    const code = reader.int16();
    reader.nullableString();
    reader.int8();
    const name = reader.string();
    const values = reader.array(() => {
      const pair = [reader.string(), reader.nullableString()] as const;
      reader.boolean();
      reader.int8();
      reader.boolean();
      reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]);
      return pair;
    });
    return { code, name, values };
  });
}

async function settings(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const name = 'retention.ms';
  await stage.note(
    'a resource twice',
    describedValues(leader, [
      [TOPIC, topic, [name]],
      [TOPIC, topic, [name]],
    ]),
  );
  await stage.note(
    'with other settings',
    describedValues(leader, [
      [TOPIC, topic, [name]],
      [TOPIC, topic, ['flush.ms']],
    ]),
  );
  await stage.note('a setting twice', describedValues(leader, [[TOPIC, topic, [name, name]]]));
  await stage.note(
    'no broker twice',
    describedValues(leader, [
      [BROKER, 'x', []],
      [BROKER, 'x', []],
    ]),
  );
}

async function growing(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const reader = await leader.call({
    key: 37,
    version: 1,
    body: (writer) =>
      writer
        .array([2, 3], (_, count) => writer.string(topic).int32(count).int32(-1))
        .int32(5_000)
        .boolean(false),
  });
  reader.int32();
  await stage.note(
    'a topic twice',
    reader.array(() => [reader.string(), reader.int16(), reader.nullableString()] as const),
  );
}

/** What is answered to a request that names a topic, a partition or a setting twice. */
export const repeatCases: readonly RecordedCase[] = [
  { title: 'a topic that CreateTopics names twice is refused once', play: creations },
  { title: 'a topic that DeleteTopics names twice', play: deletions },
  { title: 'a topic that Metadata names twice is described once', play: described },
  { title: 'a topic that CreatePartitions names twice', play: growing },
  { title: 'partitions that requests about logs name twice', play: logs },
  { title: 'a topic or setting that DescribeConfigs names twice', play: settings },
];
