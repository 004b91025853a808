import { randomInt } from 'node:crypto';
import { ErrorCodes } from '../kafka/wire/error-codes.ts';
import type { Clock } from '../kernel/clock.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';

/** A broker's `max.incremental.fetch.session.cache.slots`. */
const MAX_SESSIONS = 1000;
/** What one session remembers at most, as many as a request may list; a broker has no such limit. */
const MAX_PARTITIONS = 10_000;
/** What all sessions of a node together remember at most; a broker has no such limit. */
const MAX_REMEMBERED = 200_000;
/**
 * A broker's `min.incremental.fetch.session.eviction.ms`: a session that was not used for this long
 * makes room for another one.
 */
const EVICTION_MS = 120_000;
/** The id where a request or an answer is of no session. */
export const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fffffff;

/** What is asked for in one partition. */
export interface SessionPartition extends TopicPartition {
  readonly currentLeaderEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

/** What is read of one partition, as far as it decides whether it is new to the client. */
export interface SessionRead extends TopicPartition {
  readonly code: number;
  readonly bytes: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** The part of a Fetch request that concerns its session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly named: readonly SessionPartition[];
  readonly forgotten: readonly TopicPartition[];
}

/** One request, from its start to its answer. */
export interface FetchTurn {
  /** An error of the session, 0 for none. */
  readonly code: number;
  /** All that is asked for, in the order in which it is served. */
  readonly partitions: readonly SessionPartition[];
  /** What the answer holds: in a session, only what is new. */
  conclude<Read extends SessionRead>(reads: readonly Read[]): Conclusion<Read>;
}

interface Conclusion<Read> {
  readonly code: number;
  readonly sessionId: number;
  readonly partitions: readonly Read[];
}

interface CachedPartition {
  readonly asked: SessionPartition;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

interface Session {
  readonly id: number;
  epoch: number;
  usedAt: number;
  readonly partitions: Map<string, CachedPartition>;
}

/**
 * The incremental fetch sessions of one broker: it remembers what a client asks for, and answers
 * only what is new. Sessions are gone when the broker stops.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-227%3A+Introduce+Incremental+FetchRequests+to+Increase+Partition+Scalability
 */
export class FetchSessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<number, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a request in. */
  turn(request: SessionRequest): FetchTurn {
    const { sessionId, sessionEpoch, named } = request;
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      this.#sessions.delete(sessionId);
      return sessionEpoch === FINAL_EPOCH ? withoutSession(named) : this.#opening(named);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return refusal(ErrorCodes.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== sessionEpoch) return refusal(ErrorCodes.INVALID_FETCH_SESSION_EPOCH);
    return this.#continuing(session, request);
  }

  #opening(named: readonly SessionPartition[]): FetchTurn {
    return {
      code: ErrorCodes.NONE,
      partitions: named,
      conclude: (reads) => {
        const sessionId = this.#open(named, reads);
        return { code: ErrorCodes.NONE, sessionId, partitions: reads };
      },
    };
  }

  #continuing(session: Session, { named, forgotten }: SessionRequest): FetchTurn {
    const { partitions } = session;
    for (const asked of named) {
      const known = partitions.get(keyOf(asked));
      partitions.set(keyOf(asked), {
        asked,
        highWatermark: known?.highWatermark ?? -1,
        logStartOffset: known?.logStartOffset ?? -1,
      });
    }
    for (const gone of forgotten) partitions.delete(keyOf(gone));
    if (partitions.size > MAX_PARTITIONS || (named.length > 0 && this.#remembered() > MAX_REMEMBERED)) {
      this.#sessions.delete(session.id);
      return refusal(ErrorCodes.FETCH_SESSION_ID_NOT_FOUND);
    }
    const all = [...partitions.values()].map(({ asked }) => asked);
    if (all.length === 0) {
      this.#sessions.delete(session.id);
      return withoutSession(all);
    }
    session.epoch = nextEpoch(session.epoch);
    session.usedAt = this.#clock.now();
    const { epoch } = session;
    return {
      code: ErrorCodes.NONE,
      partitions: all,
      conclude: (reads) => {
        // Another connection may have continued the session meanwhile.
        if (session.epoch !== epoch)
          return { code: ErrorCodes.INVALID_FETCH_SESSION_EPOCH, sessionId: NO_SESSION, partitions: [] };
        const changed = reads.filter((read) => takeChanges(partitions, read));
        return { code: ErrorCodes.NONE, sessionId: session.id, partitions: changed };
      },
    };
  }

  /** @returns {@link NO_SESSION} where there is nothing to remember, or no room */
  #open(named: readonly SessionPartition[], reads: readonly SessionRead[]): number {
    if (named.length === 0 || !this.#hasRoom(named.length)) return NO_SESSION;
    let id: number;
    do id = randomInt(1, MAX_EPOCH);
    while (this.#sessions.has(id));
    const partitions = new Map<string, CachedPartition>();
    named.forEach((asked, i) => {
      const { highWatermark = -1, logStartOffset = -1 } = reads[i] ?? {};
      partitions.set(keyOf(asked), { asked, highWatermark, logStartOffset });
    });
    this.#sessions.set(id, { id, epoch: nextEpoch(INITIAL_EPOCH), usedAt: this.#clock.now(), partitions });
    return id;
  }

  #remembered(): number {
    let partitions = 0;
    for (const session of this.#sessions.values()) partitions += session.partitions.size;
    return partitions;
  }

  #hasRoom(partitions: number): boolean {
    if (this.#remembered() + partitions > MAX_REMEMBERED) return false;
    if (this.#sessions.size < MAX_SESSIONS) return true;
    const now = this.#clock.now();
    for (const session of this.#sessions.values()) {
      if (now - session.usedAt < EVICTION_MS) continue;
      this.#sessions.delete(session.id);
      return true;
    }
    return false;
  }
}

/** Whether a partition is to be in the answer; one that gave records is served last from now on. */
function takeChanges(partitions: Map<string, CachedPartition>, read: SessionRead): boolean {
  const key = keyOf(read);
  const known = partitions.get(key);
  if (known === undefined) return true;
  const { bytes, code, highWatermark, logStartOffset } = read;
  if (bytes > 0) partitions.delete(key);
  partitions.set(key, { asked: known.asked, highWatermark, logStartOffset });
  return (
    bytes > 0 ||
    code !== ErrorCodes.NONE ||
    highWatermark !== known.highWatermark ||
    logStartOffset !== known.logStartOffset
  );
}

function withoutSession(partitions: readonly SessionPartition[]): FetchTurn {
  return {
    code: ErrorCodes.NONE,
    partitions,
    conclude: (reads) => ({ code: ErrorCodes.NONE, sessionId: NO_SESSION, partitions: reads }),
  };
}

function refusal(code: number): FetchTurn {
  return { code, partitions: [], conclude: () => ({ code, sessionId: NO_SESSION, partitions: [] }) };
}

function nextEpoch(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1;
}
