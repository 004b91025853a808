import type { KasperError } from '../../../kernel/errors.ts';
import type { FetchBudget } from '../../client.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { FetchSession } from './fetch-session.ts';
import type { AskedPartition, PartitionReader } from './partition-reader.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { fetchRequest } from '../protocol/fetch.ts';
import type { FetchAnswer } from '../protocol/fetch.ts';
import { wrapError } from '../connection/wrap-error.ts';

const MEBIBYTE = 1024 * 1024;
/** What one response may hold, but for a first record batch that is larger. Some 35,000 records of 100 bytes. */
const RESPONSE_BYTES = 4 * MEBIBYTE;
const PARTITION_BYTES = MEBIBYTE;
/** For how long a broker may hold a fetch while partitions are left out of it: a resumed one has to wait for its end. */
const WAIT_WITH_PAUSED_MS = 25;

export interface FetchLoopOptions {
  readonly cluster: ClusterConnection;
  readonly nodeId: number;
  readonly budget: FetchBudget;
  readonly fetchMaxWaitMs: number;
  readonly readCommitted: boolean;
  /** Takes an answer; `reserved` bytes of the budget are still held for it. */
  readonly onAnswer: (asked: readonly AskedPartition[], answer: FetchAnswer, reserved: number) => void;
  /** No answer was had, or one that speaks of no partition. */
  readonly onFailure: (asked: readonly AskedPartition[], error: KasperError) => void;
}

/**
 * Asks one broker for the records of the partitions it leads, with one Fetch request in flight. The next one is sent as soon as an answer was
 * handed over, so that the broker works while batches run.
 *
 * The order of the partitions is turned from request to request: only the first one that has records is sure to get a
 * batch, so in a fixed order a large batch of a later partition could wait for ever.
 * While there is nothing to read, {@link FetchSession} saves naming them.
 */
export class FetchLoop {
  readonly #options: FetchLoopOptions;
  readonly #readers = new Set<PartitionReader>();
  readonly #session = new FetchSession();
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

  add(reader: PartitionReader): void {
    if (this.#stopped) return;
    this.#readers.add(reader);
    this.wake();
    this.#running ??= this.#run();
  }

  remove(reader: PartitionReader): void {
    this.#readers.delete(reader);
  }

  /** Looks again at what there is to ask for, if the loop stands still. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Ends the loop, without waiting for an answer that is still to come: it is ignored. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#readers.clear();
    this.#abandon?.();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { budget } = this.#options;
    // So that the first request names all partitions that are added in this turn: one that is empty would hold up the others.
    await Promise.resolve();
    while (!this.#stopped && this.#readers.size > 0) {
      const asked = this.#choose();
      if (asked.length === 0) {
        await this.#sleep();
        continue;
      }
      const reserved = budget.reserve(Math.min(RESPONSE_BYTES, asked.length * PARTITION_BYTES));
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
    // In the same turn in which the loop found nothing to do: a partition that is added now must start it again.
    this.#running = undefined;
  }

  /** One request, and what comes of it; never rejects. */
  async #fetch(asked: readonly AskedPartition[], reserved: number): Promise<void> {
    const { onAnswer, onFailure, nodeId } = this.#options;
    let answer: FetchAnswer | undefined;
    try {
      answer = await this.#unlessAbandoned(this.#send(asked, reserved));
    } catch (thrown) {
      this.#session.lost();
      if (!this.#stopped) onFailure(asked, wrapError(thrown, `Fetch from broker ${nodeId}`));
      return;
    }
    if (answer === undefined || this.#stopped) return;
    const { errorCode } = answer;
    if (errorCode === 0) {
      this.#session.answered(answer);
      onAnswer(asked, answer, reserved);
    } else if (!this.#session.refused(errorCode))
      onFailure(asked, brokerError(errorCode, `Fetch from broker ${nodeId}`));
  }

  #send(asked: readonly AskedPartition[], reserved: number): Promise<FetchAnswer> {
    const { cluster, nodeId, fetchMaxWaitMs, readCommitted } = this.#options;
    const leftOut = asked.length < this.#readers.size;
    const maxWaitMs = leftOut ? Math.min(fetchMaxWaitMs, WAIT_WITH_PAUSED_MS) : fetchMaxWaitMs;
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
      partitions: named.map(({ reader, offset, leaderEpoch }) => ({
        topic: reader.topic,
        partition: reader.partition,
        offset,
        leaderEpoch,
        maxBytes,
      })),
    });
    return cluster.call(nodeId, request, maxWaitMs + cluster.deadlines.fetchMs);
  }

  #choose(): readonly AskedPartition[] {
    const { asked: before } = this.#session;
    if (before !== undefined && this.#asksFor(before)) return before;
    const readers = [...this.#readers];
    const start = readers.length === 0 ? 0 : this.#turn++ % readers.length;
    const asked: AskedPartition[] = [];
    for (const reader of [...readers.slice(start), ...readers.slice(0, start)])
      if (!reader.paused)
        asked.push({ reader, epoch: reader.epoch, offset: reader.position, leaderEpoch: reader.leaderEpoch });
    return asked;
  }

  /** Whether what is to be asked for now is exactly this. */
  #asksFor(asked: readonly AskedPartition[]): boolean {
    let count = 0;
    for (const reader of this.#readers) if (!reader.paused) count++;
    return (
      count === asked.length &&
      asked.every(
        ({ reader, epoch, offset, leaderEpoch }) =>
          this.#readers.has(reader) &&
          !reader.paused &&
          reader.epoch === epoch &&
          reader.position === offset &&
          reader.leaderEpoch === leaderEpoch,
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

  /** Until the next wake; at once if one came since the last look. */
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
