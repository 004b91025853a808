import type { Command } from 'commander';
import { groupLag, type ClaimInfo, type GroupDescription, type GroupLag } from '../../index.ts';
import { withKafka } from './admin-client.ts';
import { claimText, ownerText } from './claim-text.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { addGroupFlags, groupIdFrom, selectionOf, type GroupFlags } from '../settings/group-flags.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { figure } from '../terminal/figures.ts';
import { goneText, writeClaimsError } from './lag-text.ts';
import { printable, table, type Column } from '../terminal/table.ts';

interface ShowFlags extends ConnectionFlags, GroupFlags {
  readonly json?: boolean;
}

const JSON_HELP = `
JSON: { group, state, protocolType, claimsError,
  members: [{ memberId, clientId, host }],
  partitions: [{ topic, partition, committedOffset, leaderEpoch, metadata,
    claim: { state, host, pid, instanceId, startedAt, topicId } }],
  gone: [{ topic, partition, committedOffset }] }
protocolType: empty if no consumer ever joined the group as a member.`;

/** `kasper offsets show [name]` */
export function addOffsetsShowCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('show')
    .summary('show the committed offsets, and who has claimed the partitions')
    .description(
      'Shows the committed offsets of a job with leader epoch and metadata, and the claims on its partitions.',
    );
  addGroupFlags(command);
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (name: string | undefined) => {
    const flags: ShowFlags = command.opts();
    const groupId = groupIdFrom(name, flags);
    const [lag, group] = await withKafka(flags, io, (client) =>
      Promise.all([groupLag(client, groupId, selectionOf(flags)), client.describeGroup(groupId)]),
    );
    if (flags.json === true) io.stdout.write(showJson(lag, group));
    else writeText(io.stdout, showText(lag, group, io.stdout.columns));
    if (flags.json !== true) writeClaimsError(lag, io);
    done(exitCodes.ok.code);
  });
}

function showJson({ groupId, partitions, gone, claimsError }: GroupLag, group: GroupDescription): string {
  return jsonDocument({
    group: groupId,
    ...group,
    partitions: partitions.map(({ topic, partition, committedOffset, leaderEpoch, metadata, claim }) => ({
      topic,
      partition,
      committedOffset,
      leaderEpoch,
      metadata,
      claim,
    })),
    gone,
    claimsError: claimsError?.message,
  });
}

const columns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITION', align: 'right' },
  { title: 'COMMITTED', align: 'right' },
  { title: 'EPOCH', align: 'right' },
  { title: 'METADATA', optional: true, shrinks: true },
  { title: 'CLAIM', optional: true, shrinks: true },
];

function showText(lag: GroupLag, group: GroupDescription, width: number | undefined): string {
  const rows = lag.partitions.map((each) => [
    each.topic,
    String(each.partition),
    figure(each.committedOffset),
    figure(each.leaderEpoch),
    each.metadata,
    entryText(each.claim),
  ]);
  return `${lag.groupId}\n${groupText(group)}\n${table(columns, rows, width)}${goneText(lag)}`;
}

function entryText(claim: ClaimInfo | undefined): string {
  return claim?.state === 'released' ? `released by ${ownerText(claim)}` : claimText(claim);
}

/** What is unusual about the group. */
function groupText({ members, protocolType }: GroupDescription): string {
  const lines = members.map(
    ({ clientId, host }) =>
      `member ${printable(clientId)} from ${printable(host.replace(/^\//, ''))}: while it is a member, no processor can commit`,
  );
  if (members.length === 0 && protocolType !== '') {
    lines.push(
      'a consumer was once a member: all offsets expire together when it has been away for offsets.retention.minutes',
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}
