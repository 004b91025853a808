import { RecordError } from '../../kernel/errors.ts';
import type { ConsumerMessage } from '../../message.ts';
import { type BatchView, ConsumedRecord } from './consumed-record.ts';
import { MAX_VARINT_BYTES, MAX_VARLONG_BYTES, varintAt, varintEnd } from './varint.ts';

/** Where the records of one batch stand in its view's buffer, and what its header says of them. */
export interface RecordSection {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly lastOffsetDelta: number;
}

/**
 * Walks over the records of one batch and pushes those from `fromOffset` on to `messages`. Every length is checked here,
 * so that reading a message later can neither fail nor leave its record.
 *
 * @throws RecordError where the records do not have the form they must have
 */
export function decodeRecords(
  view: BatchView,
  section: RecordSection,
  fromOffset: number,
  messages: ConsumerMessage[],
): void {
  const { buffer } = view;
  const { end, count, lastOffsetDelta } = section;
  const firstDelta = fromOffset - view.baseOffset;
  let previousDelta = -1;
  let at = section.start;
  for (let i = 0; i < count; i++) {
    const start = varintEnd(buffer, at);
    const recordEnd = start + varintAt(buffer, at);
    // The end bounds the walk: each step goes forward, and the last one must arrive exactly there.
    if (start - at > MAX_VARINT_BYTES || recordEnd <= start || recordEnd > end) throw damaged(i, count, at);
    const deltaAt = varintEnd(buffer, start + 1);
    const keyAt = varintEnd(buffer, deltaAt);
    const offsetDelta = varintAt(buffer, deltaAt);
    const valueAt = afterBytes(buffer, keyAt, recordEnd);
    const headersAt = afterBytes(buffer, valueAt, recordEnd);
    if (
      deltaAt - start > MAX_VARLONG_BYTES + 1 ||
      keyAt - deltaAt > MAX_VARINT_BYTES ||
      offsetDelta <= previousDelta ||
      offsetDelta > lastOffsetDelta ||
      afterHeaders(buffer, headersAt, recordEnd) !== recordEnd
    ) {
      throw damaged(i, count, at);
    }
    if (offsetDelta >= firstDelta) messages.push(new ConsumedRecord(view, start, offsetDelta));
    previousDelta = offsetDelta;
    at = recordEnd;
  }
  if (at !== end) {
    throw new RecordError(`${end - at} bytes follow the last of its ${count} records`);
  }
}

/** The position after a nullable length and its bytes, past `limit` if anything of it is wrong. */
function afterBytes(buffer: Buffer, at: number, limit: number): number {
  if (at >= limit) return limit + 1;
  const start = varintEnd(buffer, at);
  const length = varintAt(buffer, at);
  if (length < -1 || start - at > MAX_VARINT_BYTES) return limit + 1;
  return length > 0 ? start + length : start;
}

/** The position after the headers, past `limit` if anything of them is wrong. */
function afterHeaders(buffer: Buffer, at: number, limit: number): number {
  if (at >= limit) return limit + 1;
  const count = varintAt(buffer, at);
  let position = varintEnd(buffer, at);
  if (count < 0 || position - at > MAX_VARINT_BYTES) return limit + 1;
  for (let i = 0; i < count && position <= limit; i++) {
    // A name is never null.
    if (varintAt(buffer, position) < 0) return limit + 1;
    position = afterBytes(buffer, afterBytes(buffer, position, limit), limit);
  }
  return position;
}

function damaged(index: number, count: number, at: number): RecordError {
  return new RecordError(
    `record ${index + 1} of ${count}, at byte ${at}, has lengths or offsets that do not fit`,
  );
}
