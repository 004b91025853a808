import { someOf } from '../../kernel/some-of.ts';
import type { GroupLag, PartitionLag } from '../../index.ts';
import { count, counted, figure } from '../terminal/figures.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { jsonDocument } from '../terminal/json-output.ts';
import { table, type Column } from '../terminal/table.ts';
import { claimText } from './claim-text.ts';

/** The lag as one JSON document. */
export function lagJson({ groupId, claimsError, ...lag }: GroupLag): string {
  return jsonDocument({ group: groupId, ...lag, claimsError: claimsError?.message });
}

/** This many open transactions are listed. */
const NAMED = 10;

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

/** The lag as a table for people. */
export function lagText(lag: GroupLag, width: number | undefined): string {
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
  return `${lag.groupId}\n\n${table(columns, rows, width)}\n${totalOf(lag)}\n${heldBackLines(lag)}${goneText(lag)}`;
}

function noteOf(partition: PartitionLag): string {
  if (partition.endOffset === undefined) return 'no leader';
  return [problemText(partition), heldBackNote(partition)].filter((text) => text !== '').join('; ');
}

function problemText({ problem, committedOffset = 0, startOffset }: PartitionLag): string {
  switch (problem) {
    case 'before-start':
      return `out of range: ${count((startOffset ?? 0) - committedOffset)} before the start were deleted unread`;
    case 'past-end':
      return 'out of range: past the end';
    case 'recreated':
      return 'the topic was recreated since';
    case undefined:
      return '';
  }
}

/** "producer 4711 holds back 12": short, since a terminal cuts it; {@link heldBackLines} has more. */
function heldBackNote({ heldBack }: PartitionLag): string {
  if (heldBack === undefined) return '';
  const [oldest] = heldBack.transactions;
  const who = oldest === undefined ? 'a transaction' : `producer ${oldest.producerId}`;
  return `${who} holds back ${count(heldBack.records)}`;
}

/** The open transactions, below the table. */
function heldBackLines({ partitions }: GroupLag): string {
  const open = partitions.flatMap(({ topic, partition, heldBack }) =>
    (heldBack?.transactions ?? []).map((transaction) => ({ at: `${topic}/${partition}`, ...transaction })),
  );
  const lines = open.slice(0, NAMED).map(({ at, producerId, firstOffset, lastWriteAt }) => {
    const when = lastWriteAt === undefined ? '' : `, last write ${new Date(lastWriteAt).toISOString()}`;
    return `open transaction in ${at} from ${count(firstOffset)} on: producer ${producerId}${when}\n`;
  });
  if (open.length > NAMED) lines.push(`and ${count(open.length - NAMED)} more open transactions\n`);
  return lines.join('');
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
  return `committed in partitions that do not exist any more: ${someOf(listed).join(', ')}\n`;
}

/** Says that the owners are not known: otherwise a partition would seem to have none. */
export function writeClaimsError({ claimsError }: GroupLag, io: Io): void {
  if (claimsError !== undefined) writeText(io.stderr, `The owners are not known: ${claimsError.message}\n`);
}
