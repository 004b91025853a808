import { ErrorCodes } from '../../wire/error-codes.ts';
import type { AskedPartition } from './fetch-position.ts';
import { FINAL_EPOCH, type FetchAnswer, NO_SESSION } from '../protocol/fetch.ts';

const INITIAL_EPOCH = 0;
const MAX_EPOCH = 0x7fffffff;
const SESSION_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCodes.INVALID_FETCH_SESSION_EPOCH,
]);

/** How a request stands to the session. */
export interface SessionStep {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /**
   * The broker knows what is asked for: the request names no partitions, and the answer only those
   * of which there is news.
   */
  readonly isIncremental: boolean;
}

/**
 * The fetch session with one broker, which makes waiting cheap: while there is nothing to read, a
 * request is the same as the one before, so it names nothing, and the answer is empty. The price of
 * an idle partition is then none, on both sides.
 *
 * It is used for nothing else. As soon as anything changes (a position, an epoch, a limit, a
 * partition that is paused, resumed, added or removed), all partitions are named again in a request
 * without a session, which closes it at the broker. So an incremental request always stands for
 * exactly the one before it.
 *
 * @see
 *   https://cwiki.apache.org/confluence/display/KAFKA/KIP-227%3A+Introduce+Incremental+FetchRequests+to+Increase+Partition+Scalability
 */
export class FetchSession {
  /** As the broker gave it; kept until a request has closed it. */
  #id = NO_SESSION;
  /** Of the next incremental request; undefined if there is nothing to continue. */
  #nextEpoch: number | undefined;
  #asked: readonly AskedPartition[] = [];
  #partitionBytes = 0;
  #isQuiet = false;
  #step: SessionStep | undefined;

  /** What the broker knows to be asked for; undefined without a session. */
  get asked(): readonly AskedPartition[] | undefined {
    return this.#nextEpoch === undefined ? undefined : this.#asked;
  }

  /**
   * Takes the next request into the session.
   *
   * @param asked {@link asked} itself if nothing has changed
   * @param partitionBytes the limit of each partition
   */
  next(asked: readonly AskedPartition[], partitionBytes: number): SessionStep {
    const isSame = asked === this.#asked && partitionBytes === this.#partitionBytes;
    const continuesAt = isSame ? this.#nextEpoch : undefined;
    const sessionEpoch = continuesAt ?? (this.#isQuiet ? INITIAL_EPOCH : FINAL_EPOCH);
    this.#asked = asked;
    this.#partitionBytes = partitionBytes;
    this.#step = { sessionId: this.#id, sessionEpoch, isIncremental: continuesAt !== undefined };
    return this.#step;
  }

  /** Takes note of an answer without an error at its top. */
  answered(answer: FetchAnswer): void {
    const { sessionEpoch = FINAL_EPOCH } = this.#step ?? {};
    this.#id = answer.sessionId;
    this.#isQuiet = answer.partitions.every(
      ({ errorCode, recordSet }) => errorCode === ErrorCodes.NONE && recordSet.length === 0,
    );
    // A broker without room for more sessions answers a request that would open one as if it had
    // been without: asked for again next time.
    const isKept = this.#id !== NO_SESSION && sessionEpoch !== FINAL_EPOCH;
    this.#nextEpoch = isKept ? (sessionEpoch % MAX_EPOCH) + 1 : undefined;
  }

  /** No answer came, or an error: whether the broker took the last step is not known. */
  lost(): void {
    this.#nextEpoch = undefined;
    this.#isQuiet = false;
  }

  /**
   * The answer has an error code at its top.
   *
   * @returns whether it is about the session alone, which the broker has forgotten: then all is
   * asked for again, and nothing has failed
   */
  refused(errorCode: number): boolean {
    const isForgotten = this.#step?.isIncremental === true && SESSION_CODES.has(errorCode);
    if (isForgotten) this.#id = NO_SESSION;
    this.lost();
    return isForgotten;
  }
}
