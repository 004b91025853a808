import { InvalidArgumentError, Option, type Command } from 'commander';
import { ConfigError, groupIdOf, type GroupSelection } from '../../index.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';
import { parsePartitions } from './partition-ranges.ts';

/** Which group, and which of its partitions. */
export interface GroupFlags {
  readonly group?: string;
  readonly topics?: string[];
  readonly partitions?: number[];
}

const PREFIX = groupIdOf('');
const CLAIMS = '-claims';

export function addGroupFlags(command: Command): void {
  command
    .argument('[name]', 'topicProcessorName of the job')
    .option('--group <id>', 'full id of a consumer group, instead of a name')
    .addOption(
      new Option(
        '-t, --topics <names>',
        'such as orders,payments; default: those with committed offsets',
      ).argParser(parseTopics),
    )
    .addOption(partitionsFlag());
}

/** @throws ConfigError unless there is a name, or an id, that can be one */
export function groupIdFrom(name: string | undefined, { group }: GroupFlags): string {
  const problem = problemOf(name, group);
  if (problem !== undefined) throw new ConfigError([problem], { what: 'Group' });
  return group ?? groupIdOf(name ?? '');
}

export function selectionOf({ topics, partitions }: GroupFlags): GroupSelection {
  return { topics, partitions };
}

function problemOf(name: string | undefined, group: string | undefined): string | undefined {
  if (name === undefined && group === undefined)
    return 'give the topicProcessorName of a job, or --group with the id of a consumer group';
  if (name !== undefined && group !== undefined)
    return `give either a name ('${name}') or --group ('${group}')`;
  if (group === '') return 'the id of a group must not be empty';
  if (name === undefined) return undefined;
  if (name.startsWith(PREFIX))
    return `'${name}' is the id of the group; give --group ${name}, or the name alone: ${name.slice(PREFIX.length)}`;
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(name))
    return `'${name}' is not a topicProcessorName (1 to 200 letters, digits, dots, dashes or underscores)`;
  return name.endsWith(CLAIMS)
    ? `'${name}' is not a topicProcessorName, since it ends with ${CLAIMS}; the claims of a job are shown by \`kasper offsets show ${name.slice(0, -CLAIMS.length)}\``
    : undefined;
}

/** `a,b` */
export function parseTopics(text: string): string[] {
  const topics = text.split(',').map((topic) => topic.trim());
  const seen = new Set<string>();
  for (const topic of topics) {
    const problem = topicNameProblem(topic);
    if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
    if (seen.has(topic)) throw new InvalidArgumentError(`'${topic}' is given twice.`);
    seen.add(topic);
  }
  return topics;
}

/** `--partitions 0-11,14` */
export function partitionsFlag(): Option {
  return new Option('-p, --partitions <ranges>', 'such as 0-11,14; default: all').argParser(
    parsePartitionsFlag,
  );
}

function parsePartitionsFlag(text: string): number[] {
  try {
    return parsePartitions(text);
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError(error.problems.join('; '));
    throw error;
  }
}
