import type { ApiName, RequestSummary } from '../request-summary.ts';

/** Which requests a fault meets. */
export interface FaultTarget {
  readonly api: ApiName;
  /**
   * How many requests it meets before it is over. Default 1; `Infinity` lasts until it is
   * cancelled.
   */
  readonly times?: number;
  /**
   * The first request that it meets, counted from 1 among those that it would meet from now on:
   * `nth: 3` lets two pass. Default 1.
   */
  readonly nth?: number;
  /** Only requests to this node. Default: to any. */
  readonly node?: number;
  /**
   * Only requests for which this returns true: it sees what the request names. An incremental Fetch
   * names only what changed in its session.
   */
  readonly matching?: (request: RequestSummary) => boolean;
}

/** Answers with an error code, without doing what was asked. */
export interface FailFault extends FaultTarget {
  /** Kafka's error code, such as 6 for NOT_LEADER_OR_FOLLOWER. */
  readonly code: number;
  /** Only the answers for this topic; the rest of the request is served. Default: all. */
  readonly topic?: string;
  /** Only the answers for this partition. Default: all. */
  readonly partition?: number;
}

/** Serves or answers the request later; its connection serves nothing else meanwhile. */
export interface DelayFault extends FaultTarget {
  readonly ms: number;
  /**
   * `'before'` the request is served; `'after'` it was served, so that only its answer is late.
   * Default 'before'.
   */
  readonly when?: 'before' | 'after';
}

/** Acks what is then not stored, as a broker that loses what it had acked. */
export interface ForgetFault extends FaultTarget {
  readonly api: 'Produce' | 'OffsetCommit';
}

/** Cuts the connection, and serves the request after later ones. */
export interface LateFault extends FaultTarget {
  /** When it is served, in milliseconds from its arrival. Default: when `deliver` is called. */
  readonly afterMs?: number;
}

/** Cuts the connection. */
export interface DropFault extends FaultTarget {
  /**
   * `'before'` the request is served, so that it has no effect; `'after'` it was served, so that
   * only the answer is lost; in `'mid-response'`, after half of the answer's bytes.
   */
  readonly when: 'before' | 'after' | 'mid-response';
}

/** A fault that was set up. */
export interface FaultHandle {
  /**
   * Requests it has met so far. A failure of one topic or partition has met those that were given its
   * error.
   */
  readonly hits: number;
  /** Resolves once it has met `times` requests. Stays open if it is cancelled before. */
  readonly done: Promise<void>;
  /** Ends the fault before it has met `times` requests. */
  cancel(): void;
}

/** Requests that are on their way while their clients take them for lost. */
export interface LateFaultHandle extends FaultHandle {
  /** Requests that it has met and that are not served yet. */
  readonly held: number;
  /** Serves them now, in the order in which they came. Nobody gets their answers. */
  deliver(): Promise<void>;
}
