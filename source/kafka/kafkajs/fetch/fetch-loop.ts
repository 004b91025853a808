import { ErrorCodes } from '../../wire/error-codes.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { FetchBudget } from '../../source.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { LEAST_TRY_MS } from '../connection/deadlines.ts';
import { RequestSize } from '../connection/request-size.ts';
import { FetchSession } from './fetch-session.ts';
import type { AskedPartition, FetchPosition } from './fetch-position.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { fetchRequest } from '../protocol/fetch.ts';
import type { FetchAnswer } from '../protocol/fetch.ts';
import { wrapError } from '../connection/wrap-error.ts';

const MEBIBYTE = 1024 * 1024;
/**
 * What one response may hold, but for a first record batch that is larger. Some 35,000 records of
 * 100 bytes.
 */
const RESPONSE_BYTES = 4 * MEBIBYTE;
const PARTITION_BYTES = MEBIBYTE;
/**
 * For how long a broker may hold a fetch while partitions are left out of it: a resumed one has to
 * wait for its end.
 */
const WAIT_WITH_PAUSED_MS = 25;

export interface FetchLoopOptions {
  readonly cluster: ClusterConnection;
  readonly nodeId: number;
  readonly budget: FetchBudget;
  readonly fetchMaxWaitMs: number;
  /** For how long in all an answer is waited for whose bytes come in. */
  readonly retryTimeoutMs: number;
  readonly readCommitted: boolean;
  readonly answers: FetchAnswers;
}

/** Takes what came of the requests of a {@link FetchLoop}. */
export interface FetchAnswers {
  answered(answer: FetchAnswer, fetch: AnsweredFetch): void;
  /** No answer came, or one that speaks of no partition, since the request began. */
  unanswered(asked: readonly AskedPartition[], error: KasperError, beganAt: number): void;
}

/** The request of an answer. */
export interface AnsweredFetch {
  readonly asked: readonly AskedPartition[];
  readonly nodeId: number;
  /** Bytes of the budget that are still held for the answer. */
  readonly reserved: number;
}

/**
 * Asks one broker for the records of the partitions it leads, with one Fetch request in flight. The
 * next one is sent as soon as an answer was delivered, so that the broker works while batches run.
 *
 * The order of the partitions is turned from request to request: only the first one that has
 * records is sure to get a batch, so in a fixed order a large batch of a later partition could wait
 * forever. While there is nothing to read, {@link FetchSession} saves naming them.
 */
export class FetchLoop {
  readonly #options: FetchLoopOptions;
  readonly #positions = new Set<FetchPosition>();
  readonly #session = new FetchSession();
  readonly #size = new RequestSize(RESPONSE_BYTES, PARTITION_BYTES);
  #turn = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #waitsForBudget = false;
  #woken = false;
  #wake: (() => void) | undefined;
  #abandon: (() => void) | undefined;

  constructor(options: FetchLoopOptions) {
    this.#options = options;
  }

  add(position: FetchPosition): void {
    if (this.#stopped) return;
    this.#positions.add(position);
    this.wake();
    this.#running ??= this.#run();
  }

  /**
   * Names it in no more requests; what comes of one that is in flight is for the owner to judge.
   */
  remove(position: FetchPosition): void {
    // A loop without any partition ends.
    if (this.#positions.delete(position) && this.#positions.size === 0) this.wake();
  }

  /** Looks again at what there is to ask for, if the loop sleeps. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Ends the loop, without waiting for an answer that is still to come: it is ignored. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#positions.clear();
    this.#abandon?.();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { budget } = this.#options;
    // So that the first request names all partitions that are added in this turn: one that is empty
    // would hold up the others.
    await Promise.resolve();
    while (!this.#stopped && this.#positions.size > 0) {
      const asked = this.#choose();
      if (asked.length === 0) {
        await this.#sleep();
        continue;
      }
      const reserved = budget.reserve(Math.min(this.#size.bytes, asked.length * PARTITION_BYTES));
      if (reserved <= 0) {
        this.#awaitBudget();
        await this.#sleep();
        continue;
      }
      try {
        await this.#fetch(asked, reserved);
      } finally {
        budget.release(reserved);
      }
    }
    // In the same turn in which the loop found nothing to do: a partition that is added now must
    // start it again.
    this.#running = undefined;
  }

  /** One request, and what comes of it; never rejects. */
  async #fetch(asked: readonly AskedPartition[], reserved: number): Promise<void> {
    const { answers, cluster, nodeId } = this.#options;
    const beganAt = cluster.clock.now();
    const began = cluster.watch.now();
    const maxWaitMs = this.#maxWaitMs(asked);
    let answer: FetchAnswer | undefined;
    try {
      answer = await this.#unlessAbandoned(this.#send(asked, { reserved, maxWaitMs }));
    } catch (thrown) {
      this.#session.lost();
      const error = wrapError(thrown, `Fetch from broker ${nodeId}`);
      if (error.code === 'TIMEOUT') this.#size.late();
      if (!this.#stopped) answers.unanswered(asked, error, beganAt);
      return;
    }
    if (answer === undefined || this.#stopped) return;
    this.#size.took(cluster.watch.now() - began - maxWaitMs, answer.bytes);
    const { errorCode } = answer;
    if (errorCode === ErrorCodes.NONE) {
      this.#session.answered(answer);
      answers.answered(answer, { asked, nodeId, reserved });
      // The promises that carried it may have become old; then it would live until the whole heap is
      // marked, and with it all that it brought, however soon that was processed.
      answer.partitions.length = 0;
    } else if (!this.#session.refused(errorCode))
      answers.unanswered(asked, brokerError(errorCode, `Fetch from broker ${nodeId}`), beganAt);
  }

  /** For how long the broker may hold the request. */
  #maxWaitMs(asked: readonly AskedPartition[]): number {
    const { fetchMaxWaitMs } = this.#options;
    const leftOut = asked.length < this.#positions.size;
    return leftOut ? Math.min(fetchMaxWaitMs, WAIT_WITH_PAUSED_MS) : fetchMaxWaitMs;
  }

  #send(
    asked: readonly AskedPartition[],
    { reserved, maxWaitMs }: { readonly reserved: number; readonly maxWaitMs: number },
  ): Promise<FetchAnswer> {
    const { cluster, nodeId, readCommitted } = this.#options;
    const maxBytes = Math.min(reserved, Math.max(PARTITION_BYTES, Math.floor(reserved / asked.length)));
    const { sessionId, sessionEpoch, isIncremental } = this.#session.next(asked, maxBytes);
    const named = isIncremental ? [] : asked;
    const request = fetchRequest({
      sessionId,
      sessionEpoch,
      maxWaitMs,
      minBytes: 1,
      maxBytes: reserved,
      readCommitted,
      partitions: named.map(({ position, offset, leaderEpoch }) => ({
        topic: position.topic,
        partition: position.partition,
        offset,
        leaderEpoch,
        maxBytes,
      })),
    });
    const ms = maxWaitMs + cluster.deadlines.fetchMs;
    return cluster.call(nodeId, request, { ms, inAllMs: maxWaitMs + this.#leftMs(asked) });
  }

  /** What is left of retryTimeoutMs for the partition that has most of it. */
  #leftMs(asked: readonly AskedPartition[]): number {
    const { cluster, retryTimeoutMs } = this.#options;
    const now = cluster.clock.now();
    let failingMs = Number.POSITIVE_INFINITY;
    for (const { position } of asked) failingMs = Math.min(failingMs, now - (position.failingSince ?? now));
    return Math.max(LEAST_TRY_MS, retryTimeoutMs - failingMs);
  }

  #choose(): readonly AskedPartition[] {
    const { asked: before } = this.#session;
    if (before !== undefined && this.#asksFor(before)) return before;
    const positions = [...this.#positions];
    const start = positions.length === 0 ? 0 : this.#turn++ % positions.length;
    const asked: AskedPartition[] = [];
    for (const position of [...positions.slice(start), ...positions.slice(0, start)]) {
      const { epoch, offset, leaderEpoch, paused } = position;
      if (!paused) asked.push({ position, epoch, offset, leaderEpoch });
    }
    return asked;
  }

  /** Whether what is to be asked for now is exactly this. */
  #asksFor(asked: readonly AskedPartition[]): boolean {
    let count = 0;
    for (const { paused } of this.#positions) if (!paused) count++;
    return (
      count === asked.length &&
      asked.every(
        ({ position, epoch, offset, leaderEpoch }) =>
          this.#positions.has(position) &&
          !position.paused &&
          position.epoch === epoch &&
          position.offset === offset &&
          position.leaderEpoch === leaderEpoch,
      )
    );
  }

  #awaitBudget(): void {
    if (this.#waitsForBudget) return;
    this.#waitsForBudget = true;
    this.#options.budget.onceFree(() => {
      this.#waitsForBudget = false;
      this.wake();
    });
  }

  /** Until the next wake; not at all if one came since the last look. */
  async #sleep(): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#woken = false;
  }

  /** Resolves with undefined as soon as the loop is stopped: nobody waits for a long poll. */
  async #unlessAbandoned<T>(promise: Promise<T>): Promise<T | undefined> {
    const outcome = await new Promise<T | undefined>((resolve, reject) => {
      this.#abandon = () => {
        resolve(undefined);
      };
      promise.then(resolve, reject);
    });
    this.#abandon = undefined;
    return outcome;
  }
}
