import type { Command } from 'commander';
import { ConfigError, topicReports, type TopicDetails } from '../../index.ts';
import { withKafka } from './admin-client.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count } from '../terminal/figures.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';
import type { Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { table, type Column } from '../terminal/table.ts';
import { topicsJson, topicText } from './topic-text.ts';

interface TopicsFlags extends ConnectionFlags {
  readonly internal?: boolean;
  readonly json?: boolean;
}

const LIST_JSON = `
JSON: { topics: [{ topic, topicId, internal, partitions, replicas,
  underReplicated, leaderless }] }
underReplicated, leaderless: how many partitions.`;

const DESCRIBE_JSON = `
JSON: { topics: [{ topic, topicId, internal,
  partitions: [{ partition, leader, replicas, inSyncReplicas, startOffset,
    endOffset, records }],
  settings: [{ name, value, source }], settingsError }] }
source: topic, broker or default.
records: the offsets between start and end. A compacted topic, or one with
  transactions, has fewer records.`;

/** `kasper topics list|describe` */
export function addTopicsCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const topics = program
    .command('topics')
    .summary('list topics, or describe some')
    .description('Lists the topics of the cluster, or describes some of them.');
  addListCommand(topics, io, done);
  addDescribeCommand(topics, io, done);
}

function addListCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('list')
    .summary('list the topics')
    .description('Lists the topics that this user may describe.')
    .option('--internal', "also list Kafka's own topics, such as __consumer_offsets");
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', LIST_JSON);
  command.action(async () => {
    const flags: TopicsFlags = command.opts();
    const all = await withKafka(flags, io, (client) => client.admin().topicDetails());
    const rows = all.filter(({ internal }) => flags.internal === true || !internal).map(rowOf);
    io.stdout.write(flags.json === true ? jsonDocument({ topics: rows }) : listText(rows, io.stdout.columns));
    done(exitCodes.ok.code);
  });
}

function addDescribeCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('describe')
    .summary('describe topics: partitions, offsets, settings')
    .description(
      'Describes topics: leader, replicas and offsets of each partition, and the settings for retention, acknowledgement and the size of records.',
    )
    .argument('<topics...>', 'names of topics');
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', DESCRIBE_JSON);
  command.action(async (names: string[]) => {
    const flags: TopicsFlags = command.opts();
    const problems = names.map(topicNameProblem).filter((problem) => problem !== undefined);
    if (problems.length > 0) throw new ConfigError(problems, { what: 'Topics' });
    const topics = await withKafka(flags, io, (client) => topicReports(client, names));
    const { columns } = io.stdout;
    io.stdout.write(
      flags.json === true ? topicsJson(topics) : topics.map((topic) => topicText(topic, columns)).join('\n'),
    );
    done(exitCodes.ok.code);
  });
}

interface ListRow {
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly internal: boolean;
  readonly partitions: number;
  readonly replicas: number;
  readonly underReplicated: number;
  readonly leaderless: number;
}

function rowOf({ topic, topicId, internal, partitions }: TopicDetails): ListRow {
  return {
    topic,
    topicId,
    internal,
    partitions: partitions.length,
    replicas: partitions[0]?.replicas.length ?? 0,
    underReplicated: partitions.filter(
      ({ replicas, inSyncReplicas }) => inSyncReplicas.length < replicas.length,
    ).length,
    leaderless: partitions.filter(({ leader }) => leader === undefined).length,
  };
}

const listColumns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITIONS', align: 'right' },
  { title: 'REPLICAS', align: 'right' },
  { title: 'NOTE', optional: true, shrinks: true },
];

function listText(rows: readonly ListRow[], width: number | undefined): string {
  if (rows.length === 0) return 'no topics\n';
  return table(
    listColumns,
    rows.map((row) => [row.topic, count(row.partitions), count(row.replicas), noteOf(row)]),
    width,
  );
}

function noteOf({ internal, underReplicated, leaderless }: ListRow): string {
  return [
    ...(internal ? ['internal'] : []),
    ...(leaderless === 0 ? [] : [`${count(leaderless)} without a leader`]),
    ...(underReplicated === 0 ? [] : [`${count(underReplicated)} not fully replicated`]),
  ].join(', ');
}
