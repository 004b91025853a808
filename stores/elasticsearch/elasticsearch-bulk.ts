import type { Item } from '../backend/item.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;

/** One bulk request, and the items of its actions, in their order. */
export interface Bulk {
  readonly action: 'index' | 'delete';
  readonly items: readonly Item<string>[];
  readonly body: Buffer;
}

/** How items are written. */
export interface BulkOptions {
  readonly action: Bulk['action'];
  readonly maxBytes: number;
  /** The version that the documents get; undefined: Elasticsearch counts. */
  readonly version: bigint | undefined;
}

/**
 * Writes the bodies of bulk requests, each of at most `maxBytes`, unless a single document is
 * longer.
 *
 * @see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
 */
export function bulkBodies(
  items: readonly Item<string>[],
  { action, maxBytes, version }: BulkOptions,
): Bulk[] {
  const bulks: Bulk[] = [];
  let some: Item<string>[] = [];
  let heads: string[] = [];
  let bytes = 0;
  const cut = () => {
    if (some.length > 0) bulks.push({ action, items: some, body: bodyOf(some, heads, bytes) });
    some = [];
    heads = [];
    bytes = 0;
  };
  let place: string | undefined;
  let beginning = '';
  const end = version === undefined ? '}}\n' : `,"version":${version},"version_type":"external_gte"}}\n`;
  for (const item of items) {
    if (item.place !== place) {
      place = item.place;
      beginning = `{"${action}":{"_index":${JSON.stringify(place)},"_id":`;
    }
    const head = beginning + JSON.stringify(item.key) + end;
    const size = Buffer.byteLength(head) + (item.value === undefined ? 0 : item.value.length + 1);
    if (bytes + size > maxBytes) cut();
    some.push(item);
    heads.push(head);
    bytes += size;
  }
  cut();
  return bulks;
}

function bodyOf(items: readonly Item<string>[], heads: readonly string[], bytes: number): Buffer {
  const body = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [n, { value }] of items.entries()) {
    at += body.write(heads[n] ?? '', at);
    if (value === undefined) continue;
    at += onOneLine(value).copy(body, at);
    body[at++] = LINE_FEED;
  }
  return body;
}

/** Line breaks in JSON occur only between its tokens, where a blank means the same. */
function onOneLine(document: Buffer): Buffer {
  if (!document.includes(LINE_FEED) && !document.includes(CARRIAGE_RETURN)) return document;
  const line = Buffer.from(document);
  for (const [at, byte] of line.entries()) {
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) line[at] = BLANK;
  }
  return line;
}
