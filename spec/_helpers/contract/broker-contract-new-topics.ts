import { uniqueName } from '../servers/embedded.ts';
import { addPartitions, create } from '../raw/raw-create.ts';
import type { ToCreate } from '../raw/raw-create.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** Values of settings, good ones and wrong ones. */
const values: Readonly<Record<string, readonly (string | null)[]>> = {
  'retention.ms': [
    'x',
    '-2',
    '-1',
    '',
    ' 5 ',
    '5.0',
    '+5',
    '1e3',
    '9223372036854775807',
    '9223372036854775808',
  ],
  'retention.bytes': ['-5', '1', 'x'],
  'cleanup.policy': [
    'foo',
    '',
    'compact,delete',
    'delete,delete',
    ' delete , compact',
    'compact,foo',
    'DELETE',
  ],
  'min.insync.replicas': ['0', '99', '2147483648'],
  'compression.type': ['brotli', 'none', 'uncompressed', 'GZIP'],
  'compression.gzip.level': ['0', '9', '10', '-1', 'x'],
  'compression.lz4.level': ['0', '17', '18'],
  'compression.zstd.level': ['22', '23', '-131072', '-131073'],
  'segment.bytes': ['1048575', '1048576'],
  'segment.ms': ['0', '1'],
  'segment.index.bytes': ['3', '4'],
  'max.message.bytes': ['-1', '0'],
  preallocate: ['yes', 'TRUE', '', ' true '],
  'unclean.leader.election.enable': ['1'],
  'min.cleanable.dirty.ratio': ['2', '-0.1', 'x', 'NaN', '.7'],
  'message.timestamp.type': ['Foo', 'logappendtime', 'LogAppendTime'],
  'message.timestamp.after.max.ms': ['-1', '0'],
  'leader.replication.throttled.replicas': ['x', '*', '0:1,1:2', '0-1', ''],
  'local.retention.ms': ['-3', '-2'],
  'max.compaction.lag.ms': ['0', '1'],
  'remote.storage.enable': ['true', 'false'],
  'message.format.version': ['2.0'],
};

async function checkedValues(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const topic = uniqueName('topic');
  for (const [name, ofName] of Object.entries(values)) {
    for (const value of ofName)
      await stage.note(`${name}=${value}`, create(client, { topic, config: { [name]: value } }, true));
  }
}

async function severalProblems(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const note = (what: string, more: Omit<ToCreate, 'topic'>) =>
    stage.note(what, create(client, { topic: uniqueName('topic'), ...more }, true));
  await note('a value and an unknown name', { config: { 'retention.ms': 'x', 'no.such': '1' } });
  await note('null', { config: { 'retention.ms': null } });
  await note('null, under an unknown name', { config: { 'no.such': null } });
  await note('null and a wrong value', { config: { 'retention.ms': 'x', 'cleanup.policy': null } });
  await note('two wrong values', { config: { 'retention.ms': 'x', 'segment.ms': 'y' } });
  await note('lags that exclude each other', {
    config: { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' },
  });
  await note('a setting and the partitions', { partitions: 0, config: { 'no.such': '1' } });
  await note('a setting and the replicas', { replicas: [[0, [7]]], config: { 'no.such': '1' } });
  const codeOf = async (what: string, more: Omit<ToCreate, 'topic'>) => {
    const [code] = await create(client, { topic: uniqueName('topic'), ...more }, true);
    await stage.note(what, code);
  };
  await codeOf('the partitions and the replicas', { partitions: 0, replicationFactor: 99 });
  await codeOf('the partitions', { partitions: -2 });
  await codeOf('the replicas', { replicationFactor: 99 });
  await codeOf('no replicas', { replicationFactor: 0 });
}

async function collisions(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const name = uniqueName('topic');
  const note = (what: string, topic: string, config = {}) =>
    stage.note(what, create(client, { topic, config }));
  await note('the first', `${name}-a.b`);
  await note('the second', `${name}-a_b`);
  await note('the second with a wrong setting', `${name}-a_b`, { 'no.such': '1' });
  await note('another', `${name}-a-b`);
  const [code] = await create(client, { topic: `${name}-a.b` });
  await stage.note('the first again', code);
}

async function names(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  for (const [what, topic] of [
    ['one dot', '.'],
    ['two dots', '..'],
    ['nothing', ''],
    ['too long', 'x'.repeat(250)],
    ['a space', 'a b'],
    ['an umlaut', 'ä'],
  ] as const)
    await stage.note(what, create(client, { topic }, true));
  await stage.note('just short enough', create(client, { topic: 'x'.repeat(249) }, true));
}

async function placed(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const topic = uniqueName('topic');
  const note = (what: string, more: Omit<ToCreate, 'topic'>) =>
    stage.note(what, create(client, { topic, ...more }, true));
  await note('one', { replicas: [[0, [1]]] });
  await note('two', { replicas: [[1, [1]], [0, [1]]] }); // prettier-ignore
  await note('without the first', { replicas: [[1, [1]]] });
  await note('a gap', { replicas: [[0, [1]], [2, [1]]] }); // prettier-ignore
  await note('below 0', { replicas: [[-1, [1]]] });
  await note('a partition twice', { replicas: [[0, [1]], [0, [1]]] }); // prettier-ignore
  await note('no replica', { replicas: [[0, []]] });
  await note('no replica of the second', { replicas: [[0, [1]], [1, []]] }); // prettier-ignore
  await note('a broker twice', { replicas: [[0, [1, 1]]] });
  await note('no such broker', { replicas: [[0, [7]]] });
  await note('no such broker among others', { replicas: [[0, [1, 7]]] });
  await note('with a number of partitions', { partitions: 1, replicas: [[0, [1]]] });
  await note('with a number of replicas', { replicationFactor: 1, replicas: [[0, [1]]] });
  await note('with both', { partitions: 1, replicationFactor: 1, replicas: [[0, [1]]] });
}

async function grown(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const topic = uniqueName('topic');
  await stage.note('created', create(client, { topic, replicas: [[0, [1]], [1, [1]]] })); // prettier-ignore
  const note = (what: string, count: number, replicas?: readonly (readonly number[])[]) =>
    stage.note(
      what,
      addPartitions(client, [replicas === undefined ? [topic, count] : [topic, count, replicas]], true),
    );
  await note('as many', 2);
  await note('fewer', 1);
  await note('none', 0);
  await note('less than none', -1);
  await note('more', 3);
  await note('placed', 4, [[1], [1]]);
  await note('places for too many', 3, [[1], [1]]);
  await note('places for too few', 4, [[1]]);
  await note('no places', 3, []);
  await note('no such broker', 3, [[7]]);
  await note('a broker twice', 3, [[1, 1]]);
  await note('no replica', 3, [[]]);
  await stage.note('no such topic', addPartitions(client, [[uniqueName('topic'), 5]], true));
  await stage.note('no name of a topic', addPartitions(client, [['a b', 5]], true));
  await stage.note('twice', addPartitions(client, [[topic, 3], [topic, 4]], true)); // prettier-ignore
}

/** What CreateTopics and CreatePartitions check. */
export const newTopicCases: readonly RecordedCase[] = [
  { title: 'values of settings are checked when a topic is created', play: checkedValues },
  { title: 'of several problems of a new topic the first one is reported', play: severalProblems },
  { title: 'a topic whose name collides with another in metrics is refused', play: collisions },
  { title: 'names that no topic can have are refused', play: names },
  { title: 'replicas may be chosen for a new topic, and are checked', play: placed },
  { title: 'a topic gets more partitions only, where it is wanted', play: grown },
];
