import type { TopicReport, TopicSetting } from '../../index.ts';
import { count, counted, figure } from '../terminal/figures.ts';
import { jsonDocument } from '../terminal/json-output.ts';
import { printable, table, type Column } from '../terminal/table.ts';

export function topicsJson(topics: readonly TopicReport[]): string {
  return jsonDocument({
    topics: topics.map((topic) => ({ ...topic, settingsError: topic.settingsError?.message })),
  });
}

const partitionColumns: readonly Column[] = [
  { title: 'PARTITION', align: 'right' },
  { title: 'LEADER', align: 'right' },
  { title: 'REPLICAS', shrinks: true },
  { title: 'IN SYNC', shrinks: true },
  { title: 'START', align: 'right' },
  { title: 'END', align: 'right' },
  { title: 'RECORDS', align: 'right' },
];

/** One topic, as a person reads it. */
export function topicText(topic: TopicReport, width: number | undefined): string {
  const { partitions, settings, settingsError } = topic;
  const rows = partitions.map((each) => [
    String(each.partition),
    each.leader === undefined ? 'none' : String(each.leader),
    each.replicas.join(','),
    each.inSyncReplicas.join(','),
    figure(each.startOffset),
    figure(each.endOffset),
    figure(each.records),
  ]);
  const head = [
    ['topic', topic.topic + (topic.internal ? ' (internal)' : '')],
    ['id', topic.topicId ?? 'not reported by the brokers'],
    ...settings.map((setting) => [setting.name, settingText(setting)]),
    ...(settingsError === undefined ? [] : [['settings', settingsError.message]]),
  ].map(([name = '', text = '']) => `${name.padEnd(20)} ${printable(text)}\n`);
  const records = partitions.reduce((sum, each) => sum + (each.records ?? 0), 0);
  return (
    `${head.join('')}\n${table(partitionColumns, rows, width)}\n` +
    `${counted(records, 'record')} in ${counted(partitions.length, 'partition')}\n`
  );
}

/** `604800000 (7 days), by default` */
function settingText({ name, value, source }: TopicSetting): string {
  const meaning = value === undefined ? undefined : meaningOf(name, Number(value));
  const where = { topic: '', broker: ', set on the brokers', default: ', by default' }[source];
  return `${value ?? 'not reported'}${meaning === undefined ? '' : ` (${meaning})`}${where}`;
}

function meaningOf(name: string, number: number): string | undefined {
  if (name === 'retention.ms') return number < 0 ? 'forever' : span(number);
  if (name === 'retention.bytes' && number < 0) return 'no limit';
  return undefined;
}

/** In the largest unit that fits. */
function span(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['second', 1_000];
  const number = Math.round((ms / size) * 10) / 10;
  return `${number < 1_000 ? number : count(number)} ${unit}${number === 1 ? '' : 's'}`;
}
