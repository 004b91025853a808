import { brokerSettings } from '../../../source/embedded/settings/broker-settings.ts';
import { uniqueName } from '../servers/embedded.ts';
import { until } from '../until.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { BROKER, TOPIC, alterConfigs, changeConfigs, describeConfigs } from '../raw/raw-configs.ts';
import type { ToAlter, ToChange } from '../raw/raw-configs.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const;
/** Not the same everywhere: some clusters are started with another value, or a case beside it changes it. */
const differing: readonly string[] = ['min.insync.replicas', 'segment.bytes', 'local.retention.bytes'];

/** A topic, and what asks for and notes changes of its settings. */
async function alterer(stage: ContractStage) {
  const { topic, leader } = await stage.topic();
  return {
    topic,
    leader,
    alter: (what: string, resources: readonly ToAlter[], validateOnly = false) =>
      stage.note(what, alterConfigs(leader, resources, validateOnly)),
    change: (what: string, resources: readonly ToChange[], validateOnly = false) =>
      stage.note(what, changeConfigs(leader, resources, validateOnly)),
    own: (what: string, wanted: Readonly<Record<string, string>>) =>
      stage.note(what, ownOnce(leader, topic, wanted)),
  };
}

/** The topic's own settings, once they are what is wanted: brokers hear of changes a little later. */
async function ownOnce(client: RawClient, topic: string, wanted: Readonly<Record<string, string>>) {
  const own = async () => {
    const { settings } = await describeConfigs(client, [TOPIC, topic]);
    return Object.fromEntries(
      settings.filter(({ source }) => source === 1).map(({ name, value }) => [name, value]),
    );
  };
  const isThere = async () => {
    const found = await own();
    return Object.keys(wanted).length === Object.keys(found).length &&
      Object.entries(wanted).every(([name, value]) => found[name] === value)
      ? found
      : undefined;
  };
  return until(isThere, { deadlineMs: 20_000, what: `${topic} to have ${JSON.stringify(wanted)}` });
}

async function replaced(stage: ContractStage): Promise<void> {
  const { topic, alter, own } = await alterer(stage);
  await alter('two', [[TOPIC, topic, [['retention.ms', '5'], ['segment.ms', '6']]]]); // prettier-ignore
  await own('both', { 'retention.ms': '5', 'segment.ms': '6' });
  await alter('one of them', [[TOPIC, topic, [['retention.ms', '8']]]]);
  await own('the other is gone', { 'retention.ms': '8' });
  await alter('only checked', [[TOPIC, topic, [['retention.ms', '9']]]], true);
  await own('as before', { 'retention.ms': '8' });
  await alter('one good and one wrong', [[TOPIC, topic, [['retention.ms', '9'], ['segment.ms', 'x']]]]); // prettier-ignore
  await own('still as before', { 'retention.ms': '8' });
  await alter('none', [[TOPIC, topic, []]]);
  await own('nothing is left', {});
}

async function refusedReplacements(stage: ContractStage): Promise<void> {
  const { topic, alter } = await alterer(stage);
  await alter('no number', [[TOPIC, topic, [['retention.ms', 'x']]]]);
  await alter('unknown', [[TOPIC, topic, [['no.such.setting', '1']]]]);
  await alter('null', [[TOPIC, topic, [['retention.ms', null]]]]);
  await alter('no such topic', [[TOPIC, uniqueName('topic'), [['retention.ms', '1']]]]);
  await alter('no name of a topic', [[TOPIC, 'a b', [['retention.ms', '1']]]]);
  await alter('all topics', [[TOPIC, '', [['retention.ms', '1']]]]);
  await alter('twice', [[TOPIC, topic, [['retention.ms', '1'], ['retention.ms', '2']]]]); // prettier-ignore
  await alter('kind 0', [[0, 'x', []]]);
  await alter('kind 3', [[3, 'x', []]]);
  await alter('kind 99', [[99, 'x', [['a', '1']]]]);
}

async function refusedOfBrokers(stage: ContractStage): Promise<void> {
  const broker = await stage.connect();
  const alter = (what: string, name: string, setting: string, value: string) =>
    stage.note(what, alterConfigs(broker, [[BROKER, name, [[setting, value]]]], true));
  const change = (what: string, name: string, setting: string, value: string) =>
    stage.note(what, changeConfigs(broker, [[BROKER, name, [[setting, SET, value]]]], true));
  for (const [how, ask] of [
    ['all', alter],
    ['one', change],
  ] as const) {
    // prettier-ignore
    await ask(`${how}: another broker`, '7', 'log.retention.ms', '5');
    await ask(`${how}: no id`, 'x', 'log.retention.ms', '5');
    await ask(`${how}: read-only`, '1', 'node.id', '2');
    await ask(`${how}: no number`, '1', 'log.retention.ms', 'x');
    await ask(`${how}: out of range`, '1', 'message.max.bytes', '-1');
    await ask(`${how}: a name that no broker knows`, '1', 'no.such.setting', '1');
    await ask(`${how}: replicas in sync, of one broker`, '1', 'min.insync.replicas', '1');
  }
  await change('read-only, of all brokers', '', 'num.partitions', '3');
  await change('of all brokers, and each has its own', '', 'listeners', 'PLAINTEXT://:1');
  await change('of all brokers, out of range', '', 'min.insync.replicas', '0');
  await change('of all brokers, no such policy', '', 'log.cleanup.policy', 'foo');
  await change('a setting of topics', '1', 'retention.ms', '5');
  await alter('of all brokers, without replicas in sync', '', 'log.retention.ms', '5');
}

async function changed(stage: ContractStage): Promise<void> {
  const { topic, change, own } = await alterer(stage);
  await change('set', [[TOPIC, topic, [['retention.ms', SET, '77']]]]);
  await own('is set', { 'retention.ms': '77' });
  await change('another', [[TOPIC, topic, [['segment.ms', SET, '78']]]]);
  await own('are both set', { 'retention.ms': '77', 'segment.ms': '78' });
  await change('checked', [[TOPIC, topic, [['retention.ms', SET, '79']]]], true);
  await change('one wrong', [[TOPIC, topic, [['retention.ms', SET, '80'], ['segment.ms', SET, 'x']]]]); // prettier-ignore
  await own('as before', { 'retention.ms': '77', 'segment.ms': '78' });
  await change('deleted', [[TOPIC, topic, [['segment.ms', DELETE, null]]]]);
  await own('one is left', { 'retention.ms': '77' });
  await change('deleted, with a value that is wrong', [[TOPIC, topic, [['retention.ms', DELETE, 'x']]]]);
  await own('none is left', {});
  await change('deleted, and is not there', [[TOPIC, topic, [['segment.ms', DELETE, null]]]]);
  await change('nothing', [[TOPIC, topic, []]]);
}

async function lists(stage: ContractStage): Promise<void> {
  const { topic, change, own } = await alterer(stage);
  const policy = (operation: number, value: string | null): readonly ToChange[] => [
    [TOPIC, topic, [['cleanup.policy', operation, value]]],
  ];
  await change('appended to the default', policy(APPEND, 'compact'));
  await own('has both', { 'cleanup.policy': 'delete,compact' });
  await change('appended again', policy(APPEND, 'compact'));
  await change('subtracted', policy(SUBTRACT, 'delete'));
  await own('has one', { 'cleanup.policy': 'compact' });
  await change('subtracted, and is not there', policy(SUBTRACT, 'foo'));
  await change('appended, and is not known', policy(APPEND, 'foo'));
  await change('appended two, one is there', policy(APPEND, 'delete,compact'));
  await own('has both again', { 'cleanup.policy': 'compact,delete' });
  await change('subtracted both', policy(SUBTRACT, 'compact,delete'));
  await own('has none', { 'cleanup.policy': '' });
  await change('appended null', policy(APPEND, null));
  await change('subtracted null', policy(SUBTRACT, null));
}

async function refusedChanges(stage: ContractStage): Promise<void> {
  const { topic, leader, change } = await alterer(stage);
  const refuse = (what: string, name: string, operation: number, value: string | null) =>
    change(what, [[TOPIC, topic, [[name, operation, value]]]]);
  await refuse('no number', 'retention.ms', SET, 'x');
  await refuse('too small', 'retention.ms', SET, '-2');
  await refuse('unknown', 'no.such.setting', SET, '1');
  await refuse('unknown, deleted', 'no.such.setting', DELETE, null);
  await refuse('unknown, appended', 'no.such.setting', APPEND, 'x');
  await refuse('null', 'retention.ms', SET, null);
  await refuse('appended to a number', 'retention.ms', APPEND, '1');
  await refuse('subtracted from a number', 'retention.ms', SUBTRACT, '1');
  await change('no such topic', [[TOPIC, uniqueName('topic'), [['retention.ms', SET, '1']]]]);
  await change('no name of a topic', [[TOPIC, 'a b', [['retention.ms', SET, '1']]]]);
  await change('all topics', [[TOPIC, '', [['retention.ms', SET, '1']]]]);
  await change('twice', [[TOPIC, topic, [['retention.ms', SET, '1'], ['retention.ms', DELETE, null]]]]); // prettier-ignore
  const once: ToChange = [TOPIC, topic, [['retention.ms', SET, '1']]];
  await change('the topic twice', [once, [TOPIC, topic, [['segment.ms', SET, '2']]]]);
  await change('one topic of two', [once, [TOPIC, uniqueName('topic'), [['retention.ms', SET, '1']]]]);
  await change('kind 0', [[0, 'x', [['a', SET, '1']]]]);
  await change('kind 99', [[99, 'x', [['a', SET, '1']]]]);
  const [answer] = await changeConfigs(leader, [[TOPIC, topic, [['retention.ms', 9, '1']]]]);
  await stage.note('no such operation', answer?.[0] ?? 0);
}

async function inherited(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const first = await stage.connect();
  const name = 'local.retention.bytes';
  const ofBrokers = 'log.local.retention.bytes';
  const shown = async (count: number) => {
    const entry = async () => {
      const { settings } = await describeConfigs(leader, [TOPIC, topic], [name]);
      const [found] = settings;
      return found?.synonyms.length === count ? found : undefined;
    };
    const found = await until(entry, { deadlineMs: 20_000, what: `${count} values of ${name}` });
    return [found.value, found.source, found.synonyms];
  };
  await stage.note('by default', shown(1));
  await stage.note('set', changeConfigs(first, [[BROKER, '', [[ofBrokers, SET, '-2']]]]));
  await stage.note('as the brokers have it', shown(2));
  await changeConfigs(leader, [[TOPIC, topic, [[name, SET, '-2']]]]);
  await stage.note('as the topic has it', shown(3));
  await stage.note('deleted', changeConfigs(first, [[BROKER, '', [[ofBrokers, DELETE, null]]]]));
  await stage.note('without the brokers', shown(2));
}

async function topicTable(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const { code, message, settings } = await describeConfigs(leader, [TOPIC, topic]);
  await stage.note('answer', [code, message, settings.length]);
  for (const { name, value, source, type, isReadOnly, isSensitive, synonyms } of byName(settings)) {
    const of = differing.includes(name) ? [] : [value, source, synonyms];
    await stage.note(name, [type, isReadOnly, isSensitive, ...of]);
  }
}

async function brokerTable(stage: ContractStage): Promise<void> {
  const broker = await stage.connect();
  const names = brokerSettings.map(({ name }) => name);
  const { code, message, settings } = await describeConfigs(broker, [BROKER, '1'], names);
  await stage.note('answer', [code, message, settings.length]);
  for (const { name, type, isReadOnly, isSensitive, synonyms } of byName(settings)) {
    const [, byDefault] = synonyms.find(([, , source]) => source === 5) ?? [];
    await stage.note(name, [type, isReadOnly, isSensitive, byDefault]);
  }
}

async function someSettings(stage: ContractStage): Promise<void> {
  const { topic, leader } = await stage.topic();
  const note = async (what: string, type: number, name: string, names?: readonly string[]) => {
    const { code, message, settings } = await describeConfigs(leader, [type, name], names);
    await stage.note(what, [code, message, settings.length]);
  };
  await note('one', TOPIC, topic, ['retention.ms']);
  await note('one and one that is unknown', TOPIC, topic, ['retention.ms', 'no.such.setting']);
  await note('unknown', TOPIC, topic, ['no.such.setting']);
  await note('an empty list', TOPIC, topic, []);
  await note('no such topic', TOPIC, uniqueName('topic'));
  await note('no name of a topic', TOPIC, 'a b');
  await note('no name', TOPIC, '');
  await note('no id of a broker', BROKER, 'x', ['node.id']);
  for (const type of [0, 99]) {
    const { code, settings } = await describeConfigs(leader, [type, 'x']);
    await stage.note(`kind ${type}`, [code, settings]);
  }
}

function byName<T extends { readonly name: string }>(settings: readonly T[]): T[] {
  return settings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** DescribeConfigs, AlterConfigs, IncrementalAlterConfigs. */
export const settingCases: readonly RecordedCase[] = [
  { title: 'AlterConfigs replaces all values of a topic, or none', play: replaced },
  { title: 'AlterConfigs refuses by name what a topic cannot have', play: refusedReplacements },
  { title: 'changes of brokers are refused by name and scope', play: refusedOfBrokers },
  { title: 'IncrementalAlterConfigs changes single values of a topic, or none', play: changed },
  { title: 'lists are appended to and subtracted from', play: lists },
  { title: 'IncrementalAlterConfigs refuses by name what a topic cannot have', play: refusedChanges },
  { title: 'a topic takes from the brokers what it has not itself', play: inherited },
  { title: 'every setting of topics has its type, default and sources', play: topicTable },
  { title: 'the settings of brokers have their types and defaults', play: brokerTable },
  { title: 'settings are described by name, of what is there', play: someSettings },
];
