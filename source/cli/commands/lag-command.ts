import { Option, type Command } from 'commander';
import { groupLag, type GroupLag, type Isolation, type PartitionLag } from '../../index.ts';
import { withKafka } from './admin-client.ts';
import { claimText } from './claim-text.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count, counted } from '../terminal/figures.ts';
import { addGroupFlags, groupIdFrom, selectionOf, type GroupFlags } from '../settings/group-flags.ts';
import type { Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { table, type Column } from '../terminal/table.ts';

interface LagFlags extends ConnectionFlags, GroupFlags {
  readonly isolation: Isolation;
  readonly owners: boolean;
  readonly json?: boolean;
}

const JSON_HELP = `
JSON: { group, isolation, totalLag, gone: [{ topic, partition, committedOffset }], claimsError,
  partitions: [{ topic, partition, committedOffset, leaderEpoch, metadata, startOffset, endOffset, lag,
    problem, claim: { state, host, pid, instanceId, startedAt, topicId } }] }
null stands for what is not known: no commit, no leader, no owner. problem is before-start, past-end
or recreated: the committed offset is not in the log, or of a topic that was made anew since.
state is alive, silent, ended or released.`;

/** `kasper lag [name]` */
export function addLagCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('lag')
    .showHelpAfterError('(kasper lag --help tells more)')
    .summary('show how far a job is behind, and who runs it')
    .description(
      'Shows for each partition what is committed, where the log ends, how many offsets are left, and who has claimed it.\n' +
        'Looking for the owners takes some 3 seconds while they run: each is watched until it shows a sign of life.',
    );
  addGroupFlags(command);
  command
    .addOption(
      new Option('--isolation <level>', 'up to the last stable offset, or to the high watermark')
        .choices(['read_committed', 'read_uncommitted'])
        .default('read_committed'),
    )
    .option('--no-owners', 'do not look for the owners');
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (name: string | undefined) => {
    const flags: LagFlags = command.opts();
    const groupId = groupIdFrom(name, flags);
    const { isolation, owners: claims } = flags;
    const lag = await withKafka(flags, io, (client) =>
      groupLag(client, groupId, { ...selectionOf(flags), isolation, claims }),
    );
    io.stdout.write(flags.json === true ? lagJson(lag) : lagText(lag, io.stdout.columns));
    if (flags.json !== true) tellClaimsError(lag, io);
    done(exitCodes.ok.code);
  });
}

/** Owners that are not known are told, lest nobody be taken for the owner. */
export function tellClaimsError({ claimsError }: GroupLag, io: Io): void {
  if (claimsError !== undefined) io.stderr.write(`The owners are not known: ${claimsError.message}\n`);
}

function lagJson({ groupId, claimsError, ...lag }: GroupLag): string {
  return jsonDocument({ group: groupId, ...lag, claimsError: claimsError?.message });
}

const columns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITION', align: 'right' },
  { title: 'COMMITTED', align: 'right' },
  { title: 'START', align: 'right' },
  { title: 'END', align: 'right' },
  { title: 'LAG', align: 'right' },
  { title: 'NOTE', optional: true, shrinks: true },
  { title: 'OWNER', optional: true, shrinks: true },
];

function lagText(lag: GroupLag, width: number | undefined): string {
  const rows = lag.partitions.map((each) => [
    each.topic,
    String(each.partition),
    figure(each.committedOffset),
    figure(each.startOffset),
    figure(each.endOffset),
    figure(each.lag),
    noteOf(each),
    claimText(each.claim),
  ]);
  return `${lag.groupId}\n\n${table(columns, rows, width)}\n${totalOf(lag)}\n${goneText(lag)}`;
}

/** A figure, or a dash where it is not known. */
export function figure(number: number | undefined): string {
  return number === undefined ? '-' : count(number);
}

function noteOf({ problem, committedOffset = 0, startOffset, endOffset }: PartitionLag): string {
  if (endOffset === undefined) return 'no leader';
  switch (problem) {
    case 'before-start':
      return `out of range: ${count((startOffset ?? 0) - committedOffset)} before the start were deleted unread`;
    case 'past-end':
      return 'out of range: past the end';
    case 'recreated':
      return 'the topic was made anew since';
    case undefined:
      return '';
  }
}

function totalOf({ totalLag, partitions }: GroupLag): string {
  const without = partitions.filter(({ committedOffset }) => committedOffset === undefined).length;
  const leaderless = partitions.filter(({ endOffset }) => endOffset === undefined).length;
  const notes = [
    ...(without === 0 ? [] : [`${count(without)} without a commit`]),
    ...(leaderless === 0 ? [] : [`${count(leaderless)} without a leader`]),
  ];
  const but = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  return `total lag ${count(totalLag)} in ${counted(partitions.length, 'partition')}${but}`;
}

/** What was committed in partitions that are not there any more. */
export function goneText({ gone }: Pick<GroupLag, 'gone'>): string {
  if (gone.length === 0) return '';
  const listed = gone.map(
    ({ topic, partition, committedOffset }) => `${topic}/${partition} at ${count(committedOffset)}`,
  );
  return `committed in partitions that do not exist any more: ${listed.join(', ')}\n`;
}
