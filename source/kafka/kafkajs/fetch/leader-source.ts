import { ErrorCodes } from '../../wire/error-codes.ts';
import { backoffMs } from '../../../kernel/backoff.ts';
import type { Timer } from '../../../kernel/clock.ts';
import { type KasperError, LifecycleError } from '../../../kernel/errors.ts';
import { keyOf, listPartitions, type TopicPartition } from '../../../kernel/topic-partition.ts';
import { sharedAbort } from '../../../kernel/shared-abort.ts';
import type { StartPosition } from '../../log-position.ts';
import type { OutOfRange, PartitionReader, PartitionSource, SourceOptions } from '../../source.ts';
import { missingAnswer, noLeader, type AskLeadersOptions } from '../ask/ask-leaders.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { LEAST_TRY_MS } from '../connection/deadlines.ts';
import { RETRY_BACKOFF } from '../connection/retry-loop.ts';
import type { Leader } from '../connection/topic-table.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import type { FetchAnswer, FetchedPartition } from '../protocol/fetch.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import { FailingPartitions } from '../../trouble.ts';
import { deliverFetched } from './deliver-fetched.ts';
import type { AnsweredFetch, FetchAnswers } from './fetch-loop.ts';
import { FetchLoops } from './fetch-loops.ts';
import { type AskedPartition, FetchPosition } from './fetch-position.ts';
import { gaveUp } from './gave-up.ts';
import { askRange, askTruncation, falseAlarm, type LogRange } from './log-checks.ts';

/**
 * Reads partitions at their leaders.
 *
 * Each partition is in one of three places: in the {@link FetchLoop} of the broker that leads it;
 * displaced, after a failure, until a back-off is over and the leaders were asked for again; or
 * failed for good. What was asked for before a seek is dropped by its epoch, and what was asked for
 * before a removal by the {@link FetchPosition}, whose state every step looks at after it has
 * waited.
 */
export class LeaderSource implements PartitionSource, FetchAnswers {
  readonly #cluster: ClusterConnection;
  readonly #options: SourceOptions;
  readonly #positions = new Map<string, FetchPosition>();
  /** Those of this turn, which are assigned together. */
  #added: FetchPosition[] = [];
  readonly #loops: FetchLoops;
  readonly #failing: FailingPartitions<FetchPosition>;
  readonly #timers = new Set<Timer>();
  readonly #ending = sharedAbort();
  #closed = false;

  constructor(cluster: ClusterConnection, options: SourceOptions) {
    this.#cluster = cluster;
    this.#options = options;
    const { budget, fetchMaxWaitMs, isolation, retryTimeoutMs } = options;
    this.#failing = new FailingPartitions({
      verb: 'Reading',
      kind: 'read',
      timeoutMs: retryTimeoutMs,
      reports: cluster.observer,
    });
    const readCommitted = isolation === 'read_committed';
    const limits = { budget, fetchMaxWaitMs, retryTimeoutMs };
    this.#loops = new FetchLoops({ cluster, ...limits, readCommitted, answers: this });
  }

  add(start: StartPosition, reader: PartitionReader): void {
    if (this.#closed) throw new LifecycleError('The source is closed');
    const key = keyOf(start);
    if (this.#positions.has(key)) throw new LifecycleError(`${key} is read by this source already`);
    const position = new FetchPosition(start, reader);
    this.#positions.set(key, position);
    if (this.#added.push(position) > 1) return;
    queueMicrotask(() => {
      const added = this.#added;
      this.#added = [];
      this.#assign(added, false);
    });
  }

  remove(partition: TopicPartition): void {
    const key = keyOf(partition);
    const position = this.#positions.get(key);
    if (position === undefined) return;
    this.#positions.delete(key);
    position.state = 'removed';
    this.#failing.delete(position);
    this.#loops.remove(position);
  }

  pause(partition: TopicPartition): void {
    this.#position(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    this.#position(partition).paused = false;
    this.#loops.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const position = this.#position(partition);
    if (!position.isRead)
      throw new LifecycleError(`Partition ${keyOf(partition)} is no longer read, its error was reported`);
    position.moveTo(offset);
    this.#failing.delete(position);
    position.epoch += 1;
    return position.epoch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ending.abort(new LifecycleError('The source is closed'));
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#failing.clear();
    await this.#loops.stop();
  }

  answered(answer: FetchAnswer, { asked, nodeId, reserved }: AnsweredFetch): void {
    // Nothing new of any partition: the answer of most idle requests.
    if (answer.isIncremental && answer.partitions.length === 0) return;
    const answers = new PartitionAnswers(answer.partitions);
    for (const { position, epoch, offset } of asked) {
      // A reader may seek, remove or close from inside its calls.
      if (this.#closed) return;
      const fetched = answers.of(position);
      if (!position.isRead || position.epoch !== epoch) continue;
      if (fetched === undefined && answer.isIncremental) continue;
      if (fetched?.errorCode === ErrorCodes.NONE) {
        this.#deliver(position, fetched, answer, reserved);
        continue;
      }
      const what = `Fetch of ${position.key} at offset ${offset} from broker ${nodeId}`;
      if (fetched === undefined) this.#displace([position], missingAnswer(what));
      else if (fetched.errorCode === ErrorCodes.OFFSET_OUT_OF_RANGE) this.#checkRange(position, what);
      else this.#displace([position], brokerError(fetched.errorCode, what));
    }
  }

  unanswered(asked: readonly AskedPartition[], error: KasperError, beganAt: number): void {
    this.#displace(
      asked.map(({ position }) => position),
      error,
      beganAt,
    );
  }

  /** Gives partitions to the loops of their leaders. Failures displace them again. */
  #assign(all: readonly FetchPosition[], refresh: boolean): void {
    const positions = all.filter(({ isRead }) => isRead);
    if (this.#closed || positions.length === 0) return;
    const cluster = this.#cluster;
    const beganAt = cluster.clock.now();
    const topics = new Set(positions.map(({ topic }) => topic));
    const asked =
      refresh || positions.some((position) => cluster.leaderOf(position) === undefined)
        ? this.#refresh(topics, positions)
        : Promise.resolve();
    asked.then(
      () => {
        this.#assignToLeaders(positions);
      },
      (thrown: unknown) => {
        this.#displace(positions, wrapError(thrown, `Metadata of ${[...topics].join(', ')}`), beganAt);
      },
    );
  }

  /** Asks for the leaders again, for no longer than the first of the partitions has time left. */
  #refresh(topics: ReadonlySet<string>, positions: readonly FetchPosition[]): Promise<void> {
    const { watch, clock } = this.#cluster;
    const { retryTimeoutMs } = this.#options;
    const now = clock.now();
    let failingMs = 0;
    for (const { failingSince = now } of positions) failingMs = Math.max(failingMs, now - failingSince);
    const text = `The leaders of partitions were not named within ${retryTimeoutMs} ms`;
    return watch.within(
      Math.max(LEAST_TRY_MS, retryTimeoutMs - failingMs),
      () => watch.tooLate(text),
      this.#cluster.refresh(topics),
    );
  }

  #assignToLeaders(positions: readonly FetchPosition[]): void {
    for (const position of positions) {
      if (this.#closed) return;
      if (!position.isRead) continue;
      const leader = this.#cluster.leaderOf(position);
      if (leader === undefined) {
        this.#displace([position], noLeader(this.#cluster, position));
        continue;
      }
      if (position.leaderEpoch >= 0 && position.leaderEpoch !== leader.epoch && position.readEpoch >= 0)
        this.#checkTruncation(position, leader);
      else this.#loops.add(position, leader);
    }
  }

  /**
   * Takes partitions out of their loops: for a while if the failure can pass and there is time
   * left, else for good.
   *
   * @param beganAt when what failed began: a request that was waited for counts from there
   */
  #displace(all: readonly FetchPosition[], error: KasperError, beganAt = this.#cluster.clock.now()): void {
    const positions = all.filter(({ isRead }) => isRead);
    if (this.#closed || positions.length === 0) return;
    this.#cluster.observer.onError('Fetch', error, positions);
    const now = this.#cluster.clock.now();
    const waiting: FetchPosition[] = [];
    const failed: FetchPosition[] = [];
    let attempts = 0;
    for (const position of positions) {
      this.#loops.remove(position);
      position.failingSince ??= beganAt;
      attempts = Math.max(attempts, position.attempts++);
      const isRetried = error.retriable && now - position.failingSince < this.#options.retryTimeoutMs;
      (isRetried ? waiting : failed).push(position);
    }
    this.#failing.add(waiting, error);
    if (waiting.length > 0) this.#assignLater(waiting, attempts, error);
    if (failed.length > 0) this.#giveUp(failed, gaveUp(failed, error, this.#options.retryTimeoutMs));
  }

  #assignLater(positions: readonly FetchPosition[], attempts: number, error: KasperError): void {
    const inMs = backoffMs(RETRY_BACKOFF, attempts);
    this.#cluster.logger.debug('Partitions are asked for again', {
      partitions: listPartitions(positions),
      inMs,
      error: error.message,
    });
    const timer = this.#cluster.clock.after(inMs, () => {
      this.#timers.delete(timer);
      this.#assign(positions, true);
    });
    this.#timers.add(timer);
  }

  #giveUp(all: readonly FetchPosition[], error: KasperError): void {
    const positions = all.filter(({ isRead }) => isRead);
    for (const position of positions) {
      this.#loops.remove(position);
      position.state = 'failed';
      this.#failing.delete(position);
    }
    // A reader may remove others, or close the source, from inside its call.
    for (const { state, reader } of positions) if (state === 'failed' && !this.#closed) reader.failed(error);
  }

  #deliver(position: FetchPosition, fetched: FetchedPartition, answer: FetchAnswer, reserved: number): void {
    position.succeeded();
    this.#failing.delete(position);
    const from = position.offset;
    try {
      const topicId = this.#cluster.topic(position.topic)?.topicId;
      deliverFetched(position, { fetched, answer, options: this.#options, reserved, topicId });
    } catch (thrown) {
      const error = wrapError(thrown, `Fetch of ${position.key} at offset ${from}`);
      this.#cluster.observer.onError('Fetch', error, [position]);
      this.#giveUp([position], error);
    }
  }

  /**
   * Out of range is believed only after the leader itself named both ends: a broker that just
   * became leader, or no longer is, may say so by mistake, and acting on it would skip or repeat
   * records.
   */
  #checkRange(position: FetchPosition, what: string): void {
    const { offset } = position;
    this.#loops.remove(position);
    this.#resolve(position, what, askRange(this.#cluster, position, this.#limits()), (range) => {
      if (offset >= range.earliest && offset <= range.latest)
        this.#displace([position], falseAlarm(what, range));
      else this.#leaveRange(position, range);
    });
  }

  /** What was read last must be in the log of the new leader. */
  #checkTruncation(position: FetchPosition, leader: Leader): void {
    const { topic, partition, offset, readEpoch } = position;
    const what = `The check of ${position.key} for truncation at offset ${offset}`;
    const read = { topic, partition, offset, leaderEpoch: readEpoch };
    this.#resolve(position, what, askTruncation(this.#cluster, read, this.#limits()), (truncatedTo) => {
      if (truncatedTo === undefined) this.#loops.add(position, leader);
      else this.#leaveRange(position, { ...truncatedTo, reason: 'truncated' });
    });
  }

  /**
   * Continues with the answer to a question about a partition that is in no loop, unless it was
   * sought, removed or closed meanwhile.
   */
  #resolve<T>(position: FetchPosition, what: string, asked: Promise<T>, then: (answer: T) => void): void {
    const { epoch } = position;
    asked.then(
      (answer) => {
        if (this.#closed || !position.isRead) return;
        if (position.epoch === epoch) then(answer);
        else this.#assign([position], false);
      },
      (thrown: unknown) => {
        if (this.#closed || !position.isRead) return;
        if (position.epoch === epoch) this.#displace([position], wrapError(thrown, what));
        else this.#assign([position], true);
      },
    );
  }

  #limits(): AskLeadersOptions {
    return { retryTimeoutMs: this.#options.retryTimeoutMs, signal: this.#ending.signal };
  }

  #leaveRange(position: FetchPosition, why: LogRange & Pick<OutOfRange, 'reason'>): void {
    const { topic, partition, offset } = position;
    try {
      position.moveTo(position.reader.outOfRange({ topic, partition, offset, ...why }));
      this.#failing.delete(position);
    } catch (thrown) {
      const error = wrapError(thrown, `Out of range at offset ${offset} of ${position.key}`);
      this.#giveUp([position], error);
      return;
    }
    this.#assign([position], false);
  }

  #position(partition: TopicPartition): FetchPosition {
    const key = keyOf(partition);
    const position = this.#positions.get(key);
    if (position === undefined) throw new LifecycleError(`Partition ${key} is not read by this source`);
    return position;
  }
}
