import type { GroupMember, PartitionClaim, PlannedReset, ResetPlan, TopicPartitionRef } from '../../index.ts';
import { listPartitions } from '../../kernel/topic-partition.ts';
import { byOwner } from './claim-text.ts';
import { count, counted, figure } from '../terminal/figures.ts';
import { jsonDocument } from '../terminal/json-output.ts';
import { printable, table, type Column } from '../terminal/table.ts';

/** What a reset would do, or did. */
export interface ResetReport {
  readonly plan: ResetPlan;
  readonly executed: boolean;
  /** Where no processor with claims was ever seen. */
  readonly unclaimed: readonly TopicPartitionRef[];
  /** Processors for which --execute would be refused. */
  readonly running: readonly PartitionClaim[];
  /** Owners that may still run, though they show no sign of life. */
  readonly silent: readonly PartitionClaim[];
  readonly members: readonly GroupMember[];
}

export function resetJson({ plan, executed, unclaimed, running, silent, members }: ResetReport): string {
  const { groupId, partitions, withoutCommit, gone } = plan;
  return jsonDocument({
    group: groupId,
    executed,
    partitions: partitions.map(
      ({ topic, partition, fromOffset, toOffset, startOffset, endOffset, again, skipped, clamped }) => ({
        topic,
        partition,
        fromOffset,
        toOffset,
        startOffset,
        endOffset,
        again,
        skipped,
        clamped,
      }),
    ),
    withoutCommit,
    gone,
    unclaimed,
    running,
    silent,
    members,
  });
}

/** More would hide the rest of a sentence. */
const MOST_LISTED = 5;

const columns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITION', align: 'right' },
  { title: 'FROM', align: 'right' },
  { title: 'TO', align: 'right' },
  { title: 'EFFECT', shrinks: true },
];

export function resetText(report: ResetReport, width: number | undefined): string {
  const { plan, executed } = report;
  const rows = plan.partitions.map((each) => [
    each.topic,
    String(each.partition),
    figure(each.fromOffset),
    count(each.toOffset),
    meaning(each, executed),
  ]);
  const lines = [totalOf(plan, executed), ...notesOf(report)];
  lines.push(
    executed
      ? `Done: ${counted(plan.partitions.length, 'offset')} set.`
      : 'Dry run: nothing was changed. Add --execute to set the offsets.',
  );
  return `${plan.groupId}\n\n${table(columns, rows, width)}\n${lines.join('\n')}\n`;
}

function meaning(each: PlannedReset, executed: boolean): string {
  const { fromOffset, toOffset, startOffset, endOffset, again, skipped, clamped } = each;
  const stopped = clamped ? `, stopped at the ${toOffset === startOffset ? 'start' : 'end'} of the log` : '';
  if (fromOffset === undefined) return `nothing was committed${stopped}`;
  if (again > 0) return `${counted(again, 'record')} ${again === 1 ? 'is' : 'are'} reprocessed${stopped}`;
  if (skipped > 0) return `${counted(skipped, 'record')} ${skipped === 1 ? 'is' : 'are'} skipped${stopped}`;
  if (fromOffset === toOffset) return executed ? `stayed${stopped}` : `stays${stopped}`;
  return fromOffset < toOffset
    ? `the log starts at ${count(startOffset)} now`
    : `the log ends at ${count(endOffset)} now`;
}

function totalOf({ partitions }: ResetPlan, executed: boolean): string {
  const again = partitions.reduce((sum, each) => sum + each.again, 0);
  const skipped = partitions.reduce((sum, each) => sum + each.skipped, 0);
  if (again === 0 && skipped === 0)
    return executed ? 'No record is reprocessed or skipped.' : 'No record would be reprocessed or skipped.';
  const parts = [
    ...(again === 0 ? [] : [`${counted(again, 'record')} ${again === 1 ? 'is' : 'are'} reprocessed`]),
    ...(skipped === 0 ? [] : [`${counted(skipped, 'record')} ${skipped === 1 ? 'is' : 'are'} skipped`]),
  ];
  return `In total, ${parts.join(', ')}.`;
}

function notesOf({ plan, executed, unclaimed, running, silent, members }: ResetReport): string[] {
  const { withoutCommit, gone } = plan;
  const notes: string[] = [];
  if (withoutCommit.length > 0)
    notes.push(
      `Left as they are, since nothing is committed there: ${listPartitions(withoutCommit, MOST_LISTED)}.`,
    );
  if (gone.length > 0)
    notes.push(`Left as they are, since they do not exist any more: ${listPartitions(gone, MOST_LISTED)}.`);
  if (unclaimed.length > 0) {
    notes.push(
      `No processor was seen on ${listPartitions(unclaimed, MOST_LISTED)}; one with \`claims: false\` cannot be seen: make sure that none runs${executed ? ', or its commits overwrite this' : ''}.`,
    );
  }
  for (const [owner, partitions] of byOwner(running))
    notes.push(
      `--execute would be refused, since a processor runs on ${listPartitions(partitions, MOST_LISTED)}: ${owner}.`,
    );
  for (const [owner, partitions] of byOwner(silent))
    notes.push(
      `--execute would first watch whether the owner of ${listPartitions(partitions, MOST_LISTED)} still runs: ${owner}.`,
    );
  if (members.length > 0) {
    const who = members.map(({ clientId, host }) => printable(`${clientId} from ${host.replace(/^\//, '')}`));
    notes.push(
      `--execute would be refused, since a consumer is a member of the group: ${[...new Set(who)].join(', ')}.`,
    );
  }
  return notes;
}
