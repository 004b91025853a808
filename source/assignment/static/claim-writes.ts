import type { OffsetToCommit } from '../../kafka/group-offsets.ts';
import { AssignmentError } from '../../kernel/errors.ts';
import { keyOf } from '../../kernel/topic-partition.ts';
import type { ClaimEntries, ClaimEntry, ClaimsReading } from './claim-entries.ts';

/** What was read is too old to write on after this: another owner may have come meanwhile. */
export const WRITE_WITHIN_MS = 500;
/**
 * This long after the own entries were written, everyone who had read before that has written too.
 */
export const SETTLE_MS = 1_000;

/** What became of entries that were to be written; some are written in any case. */
export interface ClaimWrites {
  /**
   * `changed`: somebody else has written one since it was read. `slow`: a reading took longer than
   * {@link WRITE_WITHIN_MS}.
   */
  readonly outcome: 'written' | 'changed' | 'slow';
  /**
   * An entry came in so late that another owner may have looked at it before, and written since.
   */
  readonly late: boolean;
}

/**
 * Writes entries that a reading has shown to be an owner's, or free for it, one request for each
 * part. No entry is written on a reading that is older than {@link WRITE_WITHIN_MS}: by then the
 * part is read again.
 *
 * @throws what the claims group's coordinator answered
 */
export async function writeSeen(
  entries: ClaimEntries,
  parts: readonly (readonly OffsetToCommit[])[],
  { seen, owner }: { readonly seen: ClaimsReading; readonly owner: string },
): Promise<ClaimWrites> {
  let late = false;
  for (const part of parts) {
    let { at } = seen;
    if (entries.age(at) > WRITE_WITHIN_MS) {
      const again = await entries.read(part);
      if (othersWrote(again, seen, owner)) return { outcome: 'changed', late };
      if (entries.age(again.at) > WRITE_WITHIN_MS) return { outcome: 'slow', late };
      ({ at } = again);
    }
    await entries.write(part);
    late ||= entries.age(at) > SETTLE_MS;
  }
  return { outcome: 'written', late };
}

/** Whether an entry is neither this owner's nor as it was seen before. */
export function othersWrote(now: ClaimsReading, before: ClaimsReading, owner: string): boolean {
  const seen = new Map(before.entries.map((entry) => [keyOf(entry), entry]));
  return now.entries.some((entry) => entry.record?.owner !== owner && !isSame(entry, seen.get(keyOf(entry))));
}

function isSame({ beat, record }: ClaimEntry, before: ClaimEntry | undefined): boolean {
  return (
    beat === before?.beat &&
    record?.owner === before?.record?.owner &&
    record?.released === before?.record?.released
  );
}

/** The error of a start whose readings are `slow`; they may be faster later. */
export function slowError(partitions: number): AssignmentError {
  return new AssignmentError(
    `The claims of ${partitions} partitions cannot be taken: to read some of them takes longer than ${WRITE_WITHIN_MS} ms, ` +
      'and another process may take them meanwhile. Give this one fewer inputPartitions, or a faster way to the brokers; ' +
      'claims: false works without, where nothing else runs under this name.',
    { retriable: true },
  );
}
