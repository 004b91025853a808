import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { searchRecords } from './check-records.ts';
import type { PartitionLog } from './partition-log.ts';
import { failedSearch } from './time-search.ts';
import type { TimeAnswer } from './time-search.ts';

/**
 * The first record of a log at a time or later, in milliseconds since 1970.
 *
 * @returns a promise where a batch takes long
 */
export function findByTime(log: PartitionLog, timestamp: number): TimeAnswer | Promise<TimeAnswer> {
  const fromOffset = log.startOffset;
  return next(log, { timestamp, fromOffset }, fromOffset);
}

function next(
  log: PartitionLog,
  query: { readonly timestamp: number; readonly fromOffset: number },
  offset: number,
): TimeAnswer | Promise<TimeAnswer> {
  for (let from = offset; ;) {
    const found = log.batchSince(from, query.timestamp);
    if (found === undefined) return failedSearch(ErrorCodes.NONE);
    const answer = searchRecords(found.batch, query);
    const { nextOffset } = found;
    if (answer instanceof Promise)
      return answer.then((later) => (isOver(later) ? later : next(log, query, nextOffset)));
    if (isOver(answer)) return answer;
    // Its records are older than its header says, or deleted.
    from = nextOffset;
  }
}

function isOver({ code, offset }: TimeAnswer): boolean {
  return code !== ErrorCodes.NONE || offset >= 0;
}
