import type { Item } from './item.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const lineEnd = Buffer.from('\n');

/** One bulk request, and the items that its actions stand for, in their order. */
export interface Bulk {
  readonly action: 'index' | 'delete';
  readonly items: readonly Item<string>[];
  readonly body: Buffer;
}

/**
 * Writes the bodies of bulk requests, each of at most `maxBytes`, unless a single document is longer.
 *
 * @see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
 */
export function bulkBodies(action: Bulk['action'], items: readonly Item<string>[], maxBytes: number): Bulk[] {
  const bulks: Bulk[] = [];
  let some: Item<string>[] = [];
  let lines: Buffer[] = [];
  let bytes = 0;
  const end = () => {
    if (some.length > 0) bulks.push({ action, items: some, body: Buffer.concat(lines) });
    some = [];
    lines = [];
    bytes = 0;
  };
  for (const item of items) {
    const { key, place, value } = item;
    const head = Buffer.from(`${JSON.stringify({ [action]: { _index: place, _id: key } })}\n`);
    const size = head.length + (value === undefined ? 0 : value.length + 1);
    if (bytes + size > maxBytes) end();
    some.push(item);
    lines.push(head);
    if (value !== undefined) lines.push(onOneLine(value), lineEnd);
    bytes += size;
  }
  end();
  return bulks;
}

/** Line breaks in JSON stand between its tokens only, where a blank does as well. */
function onOneLine(document: Buffer): Buffer {
  if (!document.includes(LINE_FEED) && !document.includes(CARRIAGE_RETURN)) return document;
  const line = Buffer.from(document);
  for (const [at, byte] of line.entries()) {
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) line[at] = BLANK;
  }
  return line;
}
