import type { ApiName, RequestSummary } from '../request-summary.ts';

/** Which requests a fault meets. */
export interface FaultTarget {
  readonly api: ApiName;
  /**
   * How many requests it meets before it is over. Default 1; `Infinity` lasts until it is
   * cancelled.
   */
  readonly times?: number;
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

/** Serves the request later; its connection serves nothing else meanwhile. */
export interface DelayFault extends FaultTarget {
  readonly ms: number;
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
