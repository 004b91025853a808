import { RecordError } from '../../kernel/errors.ts';
import type { BatchView } from './batch-view.ts';
import type { RecordList } from './record-list.ts';
import { MAX_VARLONG_BYTES } from './varint.ts';
import { VarintCursor } from './varint-cursor.ts';

const CHECKSUM_FITS =
  'The checksum fits, so its producer wrote it wrong: find out which client that was, and seek past this batch';

/** Where the records of one batch are in its view's buffer, and what its header says of them. */
export interface RecordSection {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly lastOffsetDelta: number;
}

/**
 * Walks over the records of one batch and adds those from `fromOffset` on to `records`. Every
 * length is checked here, so that reading a message later can neither fail nor leave its record.
 *
 * @returns the bytes of those records
 * @throws RecordError where the records do not have the form they must have
 */
export function decodeRecords(
  view: BatchView,
  section: RecordSection,
  fromOffset: number,
  records: RecordList,
): number {
  const { end, count, lastOffsetDelta } = section;
  const firstDelta = fromOffset - view.baseOffset;
  const cursor = new VarintCursor(view.buffer, section.start);
  const before = records.length;
  let previousDelta = -1;
  // Records lie one behind another: those from some offset on fill the rest of the section.
  let keptFrom = end;
  for (let i = 0; i < count; i++) {
    const recordAt = cursor.at;
    const bodyBytes = cursor.varint();
    const start = cursor.at;
    const recordEnd = start + bodyBytes;
    // The cursor only goes forward, so it is enough that each record ends where its length says,
    // within the section.
    if (bodyBytes < 0 || recordEnd > end) throw damaged(i, count);
    cursor.at = start + 1;
    cursor.skip();
    const deltaAt = cursor.at;
    const offsetDelta = cursor.varint();
    cursor.skipBytes();
    cursor.skipBytes();
    const headerCount = cursor.varint();
    if (
      (headerCount !== 0 && !skipHeaders(cursor, headerCount, recordEnd)) ||
      cursor.at !== recordEnd ||
      deltaAt > start + 1 + MAX_VARLONG_BYTES ||
      offsetDelta <= previousDelta ||
      offsetDelta > lastOffsetDelta
    ) {
      throw damaged(i, count);
    }
    previousDelta = offsetDelta;
    if (offsetDelta < firstDelta) continue;
    if (records.length === before) keptFrom = recordAt;
    records.push(recordAt);
  }
  if (cursor.at !== end) {
    throw new RecordError(
      `${end - cursor.at} bytes follow the last of its ${count} records. ${CHECKSUM_FITS}`,
    );
  }
  records.closeBatch(view);
  return end - keptFrom;
}

/** Goes past the headers; false if they do not fit into the record. */
function skipHeaders(cursor: VarintCursor, count: number, recordEnd: number): boolean {
  for (let left = count; left > 0; left--) {
    const nameBytes = cursor.varint();
    if (nameBytes < 0) return false;
    cursor.at += nameBytes;
    cursor.skipBytes();
    if (cursor.at > recordEnd) return false;
  }
  return count >= 0;
}

function damaged(index: number, count: number): RecordError {
  return new RecordError(
    `record ${index + 1} of ${count} has lengths or offsets that do not fit. ${CHECKSUM_FITS}`,
  );
}
