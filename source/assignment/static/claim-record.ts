import type { TopicPartition } from '../../kernel/topic-partition.ts';

/**
 * What the owner of a topic-partition says of itself: JSON, in the metadata of an offset of the
 * group `{group}-claims`.
 */
export interface ClaimRecord {
  readonly v: 1;
  /** A UUID of this run. */
  readonly owner: string;
  /** The option `instanceId`. */
  readonly instanceId?: string;
  readonly host: string;
  readonly pid: number;
  /** Where the pid means something; as in `ProcessIdentity`. */
  readonly pidNamespace?: string;
  /** ISO 8601, by the owner's clock: for people. */
  readonly startedAt: string;
  /** The id of the topic when it was claimed; the one that a recreated topic has is another. */
  readonly topicId?: string;
  /**
   * The owner's entry whose offset it raises at each beat; the other entries move only now and
   * then.
   */
  readonly anchor: TopicPartition;
  /** The owner has gone, with all its work committed. */
  readonly released?: true;
  /** The fence number: that of a later owner is higher, by whatever clock. */
  readonly fence?: number;
  /**
   * Owners before this one, or it itself once it has gone, whose writes to stores may still be on
   * their way: the next owner has to keep them out.
   */
  readonly unfenced?: readonly string[];
}

/** The record that a metadata string holds; undefined if it is none that this version can read. */
export function parseClaim(metadata: string): ClaimRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(metadata);
  } catch {
    return undefined;
  }
  return isClaimRecord(value) ? value : undefined;
}

/** "process 12 on host h (instance 'a'), running since 2024-01-01T00:00:00.000Z" */
export function describeOwner(record: ClaimRecord | undefined): string {
  if (record === undefined) return 'somebody whose entry this version cannot read';
  const { pid, host, instanceId, startedAt } = record;
  const instance = instanceId === undefined ? '' : ` (instance '${instanceId}')`;
  return `process ${pid} on host ${host}${instance}, running since ${startedAt}`;
}

function isClaimRecord(value: unknown): value is ClaimRecord {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const anchor = fields['anchor'];
  return (
    fields['v'] === 1 &&
    ['owner', 'host', 'startedAt'].every((name) => typeof fields[name] === 'string') &&
    ['instanceId', 'pidNamespace', 'topicId'].every((name) =>
      ['string', 'undefined'].includes(typeof fields[name]),
    ) &&
    Number.isSafeInteger(fields['pid']) &&
    typeof anchor === 'object' &&
    anchor !== null &&
    typeof (anchor as Partial<TopicPartition>).topic === 'string' &&
    Number.isSafeInteger((anchor as Partial<TopicPartition>).partition) &&
    (fields['released'] === undefined || fields['released'] === true) &&
    (fields['fence'] === undefined || Number.isSafeInteger(fields['fence'])) &&
    (fields['unfenced'] === undefined || isTexts(fields['unfenced']))
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
