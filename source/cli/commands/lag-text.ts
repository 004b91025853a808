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
  return `${lag.groupId}\n\n${table(columns, rows, width)}\n${totalOf(lag)}\n${goneText(lag)}`;
}

function noteOf(partition: PartitionLag): string {
  if (partition.endOffset === undefined) return 'no leader';
  return [problemText(partition), heldBackText(partition)].filter((text) => text !== '').join('; ');
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

/** "12 held back: transaction of producer 4711, from 88 on, last write 2024-01-01T00:00:00.000Z" */
function heldBackText({ heldBack, endOffset = 0 }: PartitionLag): string {
  if (heldBack === undefined) return '';
  const { records, transactions } = heldBack;
  const held = `${count(records)} held back by a transaction`;
  const [oldest] = transactions;
  if (oldest === undefined) return `${held} from ${count(endOffset)} on`;
  const { producerId, firstOffset, lastWriteAt } = oldest;
  const others = transactions.length === 1 ? '' : ` and ${count(transactions.length - 1)} more`;
  const when = lastWriteAt === undefined ? '' : `, last write ${new Date(lastWriteAt).toISOString()}`;
  return `${held} of producer ${producerId}${others} from ${count(firstOffset)} on${when}`;
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

/** Says that the owners are not known: otherwise a partition would seem to have none. */
export function writeClaimsError({ claimsError }: GroupLag, io: Io): void {
  if (claimsError !== undefined) writeText(io.stderr, `The owners are not known: ${claimsError.message}\n`);
}
