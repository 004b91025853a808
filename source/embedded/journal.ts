import { aboutOf } from './request-summary.ts';
import type { ApiName, RequestSummary } from './request-summary.ts';

/** What became of a request: it is answered, it needed no answer, or its connection was cut. */
export type JournalEnd = 'answered' | 'no answer' | 'cut';

/** One request in the journal, or a fault that met no request, such as a truncated log. */
export interface JournalEntry {
  /** Counts from 1, in the order in which requests began to be served. */
  readonly number: number;
  /** Milliseconds since the cluster was started. */
  readonly atMs: number;
  /** The faults that met it, in words. */
  readonly faults: readonly string[];
  /** undefined: a fault of the cluster itself. */
  readonly request?: JournalRequest;
}

/** A request in the journal. */
export interface JournalRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly node: number;
  /** Address of the client. */
  readonly client: string;
  readonly clientId: string;
  /** What it is about: groups, members, and the first of its topic-partitions. */
  readonly about: string;
  /** undefined: it is being served, or is late. */
  readonly end?: JournalEnd;
}

/** Notes how a request ends. */
export type EndRequest = (end: JournalEnd) => void;

/**
 * The requests that a cluster served, in their order, with the faults that met them: what there is
 * to read after a test that failed. Only the last ones are kept.
 */
export class Journal {
  readonly #most: number;
  readonly #now: () => number;
  readonly #startedAt: number;
  /** A ring: the oldest is at `#next` once it is full. */
  readonly #ring: JournalEntry[] = [];
  #next = 0;
  #count = 0;

  /** @param now milliseconds on a monotonic clock */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
    this.#startedAt = now();
  }

  /** The last entries, the oldest first. */
  get entries(): JournalEntry[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  /** A line for each entry. */
  toString(): string {
    return this.entries.map(lineOf).join('\n');
  }

  /** Forgets all entries; their numbers go on. */
  clear(): void {
    this.#ring.length = 0;
    this.#next = 0;
  }

  /** @internal */
  began(
    request: Omit<JournalRequest, 'about' | 'end'>,
    summary: RequestSummary,
    faults: readonly string[],
  ): EndRequest {
    const noted: { -readonly [K in keyof JournalRequest]: JournalRequest[K] } = {
      ...request,
      about: aboutOf(summary),
    };
    this.#add({ faults, request: noted });
    return (end) => {
      noted.end = end;
    };
  }

  /** @internal */
  fault(text: string): void {
    this.#add({ faults: [text] });
  }

  #add(entry: Pick<JournalEntry, 'faults' | 'request'>): void {
    this.#ring[this.#next] = { number: ++this.#count, atMs: this.#now() - this.#startedAt, ...entry };
    this.#next = (this.#next + 1) % this.#most;
  }
}

function lineOf({ number, atMs, faults, request }: JournalEntry): string {
  const time = `${number} ${(atMs / 1000).toFixed(3)} s`;
  const met = faults.map((fault) => ` ! ${fault}`).join('');
  if (request === undefined) return `${time}${met}`;
  const { api, version, node, client, clientId, about, end = 'not answered yet' } = request;
  const what = about === '' ? '' : ` ${about}`;
  return `${time} node ${node} ${client} (${clientId}) ${api} v${version}${what}${met}: ${end}`;
}
