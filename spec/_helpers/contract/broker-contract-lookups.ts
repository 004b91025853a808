import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import type { RawClient } from '../raw/raw-client.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** Metadata of versions 0 to 8: the topics of the answer. null asks for all. */
async function topics(client: RawClient, names: readonly string[] | null, version = 8) {
  const reader = await client.call({
    key: 3,
    version,
    body: (writer) => {
      if (names === null) writer.int32(-1);
      else writer.array(names, (_, name) => writer.string(name));
      if (version >= 4) writer.boolean(false);
      if (version >= 8) writer.boolean(false).boolean(false);
    },
  });
  if (version >= 3) reader.int32();
  reader.array(() => {
    reader.int32();
    reader.string();
    reader.int32();
    if (version >= 1) reader.nullableString();
  });
  if (version >= 2) reader.nullableString();
  if (version >= 1) reader.int32();
  return reader.array(() => readTopic(reader, version));
}

function readTopic(reader: WireReader, version: number) {
  const code = reader.int16();
  const topic = reader.string();
  if (version >= 1) reader.boolean();
  const partitions = reader.array(() => {
    const partition = { code: reader.int16(), partition: reader.int32(), leader: reader.int32() };
    const leaderEpoch = version >= 7 ? reader.int32() : undefined;
    for (let list = 0; list < (version >= 5 ? 3 : 2); list++) reader.array(() => reader.int32());
    return { ...partition, leaderEpoch };
  });
  if (version >= 8) reader.int32();
  // Their order is that of a hash table.
  return { code, topic, partitions: partitions.sort((a, b) => a.partition - b.partition) };
}

async function metadataVersions(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic(2);
  for (let version = 0; version <= 8; version++)
    await stage.note(`version ${version}`, topics(leader, [topic], version));
}

async function unknownNames(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  for (const name of ['no-such-topic', '', '.', '..', 'not a name', 'a/b', 'a:b', 'ä', 'a'.repeat(249)])
    await stage.note(`the name ${name.slice(0, 20)}`, topics(client, [name]));
  await stage.note('a name of 250 letters', topics(client, ['a'.repeat(250)]));
}

async function whichTopics(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  await stage.note('none', topics(leader, []));
  await stage.note('one twice', topics(leader, [topic, topic]));
  const isThere = async (names: readonly string[] | null, version: number) => {
    const found = await topics(leader, names, version);
    return found.some(({ topic: name }) => name === topic);
  };
  await stage.note('all, by null', isThere(null, 8));
  await stage.note('all, by none in version 0', isThere([], 0));
  await stage.note('all, by none in version 1', isThere([], 1));
}

/** FindCoordinator of versions 0 to 2; without the text of an error, and where the node is. */
async function coordinator(client: RawClient, key: string, type = 0, version = 2) {
  const reader = await client.call({
    key: 10,
    version,
    body: (writer) => {
      writer.string(key);
      if (version >= 1) writer.int8(type);
    },
  });
  if (version >= 1) reader.int32();
  const code = reader.int16();
  if (version >= 1) reader.nullableString();
  const node = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
  return { code, nodeId: node.nodeId, isSomewhere: node.host !== '' && node.port > 0 };
}

async function coordinators(stage: ContractStage): Promise<void> {
  const { groupId } = await stage.group();
  const client = await stage.connect();
  for (const version of [0, 1, 2])
    await stage.note(`version ${version}`, coordinator(client, groupId, 0, version));
  await stage.note('a group without a name', coordinator(client, ''));
  await stage.note('of type 3', coordinator(client, groupId, 3));
  await stage.note('of type -1', coordinator(client, groupId, -1));
}

/** ApiVersions: the code, and whether Produce and ApiVersions are listed. */
async function apiVersions(client: RawClient, version: number) {
  const flexible = version >= 3;
  const reader = await client.call({
    key: 18,
    version,
    body: (writer) => {
      if (!flexible) return;
      writer.noTags().compactString('spec').compactString('1.0').noTags();
    },
  });
  return readVersions(reader, flexible);
}

function readVersions(reader: WireReader, flexible: boolean) {
  const code = reader.int16();
  const readOne = () => {
    const key = reader.int16();
    reader.int16();
    reader.int16();
    if (flexible) reader.skipTags();
    return key;
  };
  const keys = flexible ? reader.compactArray(readOne) : reader.array(readOne);
  return { code, hasProduce: keys.includes(0), hasApiVersions: keys.includes(18) };
}

async function versions(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  for (const version of [0, 1, 2]) await stage.note(`version ${version}`, apiVersions(client, version));
  const unknown = async (version: number) => {
    const reader = await client.call({ key: 18, version, body: (writer) => writer.noTags() });
    return readVersions(reader, false);
  };
  await stage.note('version 99', unknown(99));
  await stage.note('version 32767', unknown(32_767));
  await stage.note('version 2, after that', apiVersions(client, 2));
}

async function unservedRequests(stage: ContractStage): Promise<void> {
  const wanted = [
    ['Metadata 99', 3, 99],
    ['Metadata -1', 3, -1],
    ['Produce 2', 0, 2],
    ['Fetch 3', 1, 3],
    ['ListOffsets 0', 2, 0],
    ['key 999', 999, 0],
    ['key -1', -1, 0],
    ['LeaderAndIsr, which is between brokers', 4, 0],
  ] as const;
  for (const [what, key, version] of wanted) {
    const client = await stage.connect();
    const answer = client.call({ key, version });
    await stage.noteOrClosed(
      what,
      answer.then((reader) => reader.remaining),
    );
  }
}

/** Metadata, FindCoordinator, ApiVersions. */
export const lookupCases: readonly RecordedCase[] = [
  { title: 'every version of Metadata describes the same', play: metadataVersions },
  { title: 'names that no topic has and names that none can have are told apart', play: unknownNames },
  { title: 'metadata is of all topics, of some, or of none', play: whichTopics },
  {
    title: 'the coordinator of a group is found by each version, and not that of nothing',
    play: coordinators,
  },
  {
    title: 'ApiVersions is answered in each version, and a newer one is answered in the oldest',
    play: versions,
  },
  { title: 'a request that is not served closes its connection', play: unservedRequests },
];
