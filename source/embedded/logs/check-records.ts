import { setImmediate as nextTurn } from 'node:timers/promises';
import { prepareCompression } from '../../kafka/records/compression.ts';
import { CheckTask, SearchTask } from './batch-task.ts';
import type { BatchTask } from './batch-task.ts';
import { checkThread } from './check-thread.ts';
import { GZIP, ZSTD } from './inflated-records.ts';
import { RecordCheck } from './record-check.ts';
import type { RecordRules, RecordVerdict } from './record-check.ts';
import { TimeSearch, codecBitsOf, plainRecords } from './time-search.ts';
import type { TimeAnswer, TimeQuery } from './time-search.ts';

/** What is more is inflated and gone through without holding up the event loop. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;
/** To compress takes longer than to inflate. */
const MAX_BYTES_COMPRESSED_AT_ONCE = 128 * 1024;

/** Goes on with a batch up to a position. Undefined while records are left. */
interface InParts<A> {
  advance(position: number): A | undefined;
}

/**
 * Checks the records of a batch whose header is right, and recompresses them where that is wanted.
 *
 * @returns a promise for zstd, and for many records
 */
export function checkRecords(batch: Buffer, rules: RecordRules): RecordVerdict | Promise<RecordVerdict> {
  const codec = codecBitsOf(batch);
  if (codec === 0 && rules.codec === undefined) return inParts(new RecordCheck(plainRecords(batch), rules));
  const task = new CheckTask(rules);
  const isZstd = codec === ZSTD || rules.codec === ZSTD;
  const maxBytes = rules.codec === undefined ? MAX_BYTES_AT_ONCE : MAX_BYTES_COMPRESSED_AT_ONCE;
  return hereOrThere(batch, task, { maxBytes, isZstd, there: () => checkThread.check(batch, task) });
}

/** The first record of a batch since a time. */
export function searchRecords(batch: Buffer, query: TimeQuery): TimeAnswer | Promise<TimeAnswer> {
  const codec = codecBitsOf(batch);
  if (codec === 0) return inParts(new TimeSearch(batch, plainRecords(batch), query));
  const task = new SearchTask(query);
  return hereOrThere(batch, task, {
    maxBytes: MAX_BYTES_AT_ONCE,
    isZstd: codec === ZSTD,
    there: () => checkThread.search(batch, task),
  });
}

function inParts<A>(parts: InParts<A>): A | Promise<A> {
  return parts.advance(MAX_BYTES_AT_ONCE) ?? laterParts(parts);
}

async function laterParts<A>(parts: InParts<A>): Promise<A> {
  for (let position = 2 * MAX_BYTES_AT_ONCE; ; position += MAX_BYTES_AT_ONCE) {
    await nextTurn();
    const answer = parts.advance(position);
    if (answer !== undefined) return answer;
  }
}

function hereOrThere<A>(
  batch: Buffer,
  task: BatchTask<A>,
  how: { readonly maxBytes: number; readonly isZstd: boolean; readonly there: () => Promise<A> },
): A | Promise<A> {
  const run = (): A | Promise<A> => {
    if (isLong(batch, how.maxBytes)) return how.there();
    const answer = task.run(batch, how.maxBytes);
    return answer === 'beyond' ? how.there() : answer;
  };
  // Also for a batch that goes to the thread: whoever reads the log here will need it.
  return how.isZstd ? prepareCompression().then(run) : run();
}

/** A gzip stream ends with its size, which saves inflating the first part of it in vain. */
function isLong(batch: Buffer, maxBytes: number): boolean {
  if (batch.length > maxBytes) return true;
  return codecBitsOf(batch) === GZIP && batch.readUInt32LE(batch.length - 4) > maxBytes;
}
