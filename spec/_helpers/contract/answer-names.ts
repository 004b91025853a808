/** An answer as it is on record: what JSON can hold. */
export type NotedAnswer =
  string | number | boolean | null | readonly NotedAnswer[] | { readonly [field: string]: NotedAnswer };

const HOUR_MS = 3_600_000;
/** Fields with the number of a broker, whoever it is. */
const NODES: ReadonlySet<string> = new Set(['nodeId', 'leader', 'coordinator', 'controllerId']);
/** What differs between runs within a text, with a word for it. */
const RANDOM: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid'],
  [/\b(?!0{32})[0-9a-f]{32}\b/g, 'id'],
  // As uniqueName makes them.
  [/\b[0-9a-f]{12}\b/g, 'random'],
  [/\b(127\.0\.0\.1|localhost):\d+\b/g, 'address'],
];

/**
 * Replaces in answers what differs between two runs or two clusters by names, such as `<uuid 1>`:
 * the same value has the same name throughout a case.
 *
 * - The random parts of texts: ids of members and topics, names of topics and groups, addresses.
 * - A bigint is a producer id: `<producer 1>`, but -1n is none: -1.
 * - A time around now is `<now>`, a broker's number `<node>`, the id of an open session `<session>`.
 * - Bytes are shown as their number.
 */
export class AnswerNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #now = Date.now();

  replaceIn(value: unknown, field = ''): NotedAnswer {
    if (typeof value === 'bigint') return value === -1n ? -1 : this.#name('producer', String(value));
    if (typeof value === 'string') return this.#inText(value);
    if (typeof value === 'number') return this.#inNumber(value, field);
    if (typeof value === 'boolean' || value === null) return value;
    if (value === undefined) return null;
    if (value instanceof Uint8Array) return `<${value.length} bytes>`;
    if (Array.isArray(value)) return value.map((item: unknown) => this.replaceIn(item, field));
    if (typeof value !== 'object') throw new TypeError(`An answer cannot hold a ${typeof value}`);
    const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, item]: [unknown, unknown]) => {
        const name = this.#inText(String(key));
        return [name, this.replaceIn(item, name)];
      }),
    );
  }

  #inText(text: string): string {
    let named = text;
    for (const [pattern, word] of RANDOM)
      named = named.replaceAll(pattern, (found) => this.#name(word, found));
    return named;
  }

  #inNumber(value: number, field: string): NotedAnswer {
    if (NODES.has(field) && value >= 0) return '<node>';
    if (field === 'sessionId' && value > 0) return '<session>';
    return Math.abs(value - this.#now) < HOUR_MS ? '<now>' : value;
  }

  #name(word: string, value: string): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const count = (this.#counts.get(word) ?? 0) + 1;
    this.#counts.set(word, count);
    const name = `<${word} ${count}>`;
    this.#names.set(value, name);
    return name;
  }
}
