import { backoffMs } from '../../../kernel/backoff.ts';
import type { Timer } from '../../../kernel/clock.ts';
import { BrokerError, ConnectionError, type KasperError, LifecycleError } from '../../../kernel/errors.ts';
import type { OutOfRange, PartitionSource, SourceOptions, StartPosition } from '../../client.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { deliverFetched } from './deliver-fetched.ts';
import { FetchLoop } from './fetch-loop.ts';
import { missingAnswer, noLeader, type AskLeadersOptions } from '../ask/ask-leaders.ts';
import { lookUpEpochEnds } from '../ask/epoch-lookup.ts';
import { lookUpOffsets } from '../ask/offset-lookup.ts';
import { type AskedPartition, PartitionReader } from './partition-reader.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import type { FetchAnswer, FetchedPartition } from '../protocol/fetch.ts';
import { RETRY_BACKOFF } from '../connection/retry-loop.ts';
import type { Leader } from '../connection/topic-table.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { listPartitions, keyOf, type TopicPartition } from '../../../kernel/topic-partition.ts';

const OFFSET_OUT_OF_RANGE = 1;

/**
 * Reads partitions that were named, at their leaders.
 *
 * Each partition is in one of three places: in the {@link FetchLoop} of the broker that leads it; displaced, after a failure, until a back-off is over and the
 * leaders were asked for anew; or failed for good. Whatever was asked for before a seek is dropped by its epoch.
 */
export class StaticSource implements PartitionSource {
  readonly #cluster: ClusterConnection;
  readonly #options: SourceOptions;
  readonly #readers = new Map<string, PartitionReader>();
  readonly #loops = new Map<number, FetchLoop>();
  readonly #timers = new Set<Timer>();
  readonly #ending = new AbortController();
  #closed = false;

  constructor(cluster: ClusterConnection, options: SourceOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  start(positions: readonly StartPosition[]): void {
    if (this.#readers.size > 0 || this.#closed)
      throw new LifecycleError('A source is started once, before it is closed');
    for (const position of positions) this.#readers.set(keyOf(position), new PartitionReader(position));
    this.#assign([...this.#readers.values()], false);
  }

  pause(partition: TopicPartition): void {
    this.#reader(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    const reader = this.#reader(partition);
    reader.paused = false;
    for (const loop of this.#loops.values()) loop.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const reader = this.#reader(partition);
    if (reader.failed)
      throw new LifecycleError(
        `Partition ${partition.topic}/${partition.partition} is no longer read, its error was reported`,
      );
    reader.moveTo(offset);
    reader.epoch += 1;
    return reader.epoch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ending.abort(new LifecycleError('The source is closed'));
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
  }

  /** Gives partitions to the loops of their leaders. Failures displace them again. */
  #assign(readers: readonly PartitionReader[], refresh: boolean): void {
    const cluster = this.#cluster;
    const topics = new Set(readers.map(({ topic }) => topic));
    const asked =
      refresh || readers.some((reader) => cluster.leaderOf(reader) === undefined)
        ? cluster.refresh(topics)
        : Promise.resolve();
    asked.then(
      () => {
        this.#assignToLeaders(readers);
      },
      (thrown: unknown) => {
        this.#displace(readers, wrapError(thrown, `Metadata of ${[...topics].join(', ')}`));
      },
    );
  }

  #assignToLeaders(readers: readonly PartitionReader[]): void {
    if (this.#closed) return;
    for (const reader of readers) {
      const leader = this.#cluster.leaderOf(reader);
      if (leader === undefined) {
        this.#displace([reader], noLeader(this.#cluster, reader));
        continue;
      }
      if (reader.leaderEpoch >= 0 && reader.leaderEpoch !== leader.epoch && reader.readEpoch >= 0)
        this.#checkTruncation(reader, leader);
      else this.#assignTo(leader, reader);
    }
  }

  #assignTo(leader: Leader, reader: PartitionReader): void {
    reader.leaderEpoch = leader.epoch;
    this.#loopOf(leader.nodeId).add(reader);
  }

  /** Takes partitions out of their loops: for a while if the failure can pass and there is time left, else for good. */
  #displace(readers: readonly PartitionReader[], error: KasperError): void {
    if (this.#closed) return;
    this.#cluster.observer.onError('Fetch', error, readers);
    const now = this.#cluster.clock.now();
    const waiting: PartitionReader[] = [];
    const failed: PartitionReader[] = [];
    let attempts = 0;
    for (const reader of readers) {
      if (reader.failed) continue;
      this.#takeOut(reader);
      reader.failingSince ??= now;
      attempts = Math.max(attempts, reader.attempts++);
      const goesOn = error.retriable && now - reader.failingSince < this.#options.retryTimeoutMs;
      (goesOn ? waiting : failed).push(reader);
    }
    if (failed.length > 0) this.#giveUp(failed, this.#finalError(error, failed));
    if (waiting.length === 0) return;
    const waitMs = backoffMs(RETRY_BACKOFF, attempts);
    this.#cluster.logger.debug('Partitions are asked for again', {
      partitions: listPartitions(waiting),
      inMs: waitMs,
      error: error.message,
    });
    const timer = this.#cluster.clock.after(waitMs, () => {
      this.#timers.delete(timer);
      this.#assign(waiting, true);
    });
    this.#timers.add(timer);
  }

  #finalError(error: KasperError, failed: readonly PartitionReader[]): KasperError {
    if (!error.retriable) return error;
    const text = `Reading ${listPartitions(failed)} failed for ${this.#options.retryTimeoutMs} ms; the last error: ${error.message}`;
    if (error instanceof BrokerError) {
      const { brokerCode, brokerError: name } = error;
      return new BrokerError(text, { brokerCode, brokerError: name, retriable: true, cause: error });
    }
    return new ConnectionError(text, { cause: error, retriable: true });
  }

  #giveUp(readers: readonly PartitionReader[], error: KasperError): void {
    for (const reader of readers) {
      this.#takeOut(reader);
      reader.failed = true;
    }
    this.#options.handler.onError(
      error,
      readers.map(({ topic, partition }) => ({ topic, partition })),
    );
  }

  #onAnswer(asked: readonly AskedPartition[], answer: FetchAnswer, reserved: number, nodeId: number): void {
    // Nothing new of any partition: the answer of most idle requests.
    if (answer.isIncremental && answer.partitions.length === 0) return;
    const answered = new Map<string, FetchedPartition>();
    for (const fetched of answer.partitions) answered.set(keyOf(fetched), fetched);
    for (const { reader, epoch, offset } of asked) {
      // A handler may seek or close from inside onChunk.
      if (this.#closed) return;
      if (reader.failed || reader.epoch !== epoch) continue;
      const fetched = answered.get(keyOf(reader));
      if (fetched === undefined && answer.isIncremental) continue;
      const what = `Fetch of ${reader.topic}/${reader.partition} at offset ${offset} from broker ${nodeId}`;
      if (fetched === undefined) this.#displace([reader], missingAnswer(what));
      else if (fetched.errorCode === OFFSET_OUT_OF_RANGE) this.#checkRange(reader, what);
      else if (fetched.errorCode !== 0) this.#displace([reader], brokerError(fetched.errorCode, what));
      else this.#deliver(reader, fetched, answer, reserved, what);
    }
  }

  #deliver(
    reader: PartitionReader,
    fetched: FetchedPartition,
    answer: FetchAnswer,
    reserved: number,
    what: string,
  ): void {
    reader.succeeded();
    try {
      const topicId = this.#cluster.topic(reader.topic)?.topicId;
      deliverFetched(reader, fetched, answer, this.#options, reserved, topicId);
    } catch (thrown) {
      const error = wrapError(thrown, what);
      this.#cluster.observer.onError('Fetch', error, [reader]);
      this.#giveUp([reader], error);
    }
  }

  /**
   * Out of range is believed only after the leader itself named both ends: a broker that just became leader, or no longer is, may say so by mistake,
   * and acting on it would skip or repeat records.
   */
  #checkRange(reader: PartitionReader, what: string): void {
    const { position } = reader;
    this.#takeOut(reader);
    this.#resolve(
      reader,
      what,
      () => this.#rangeOf(reader),
      (range) => {
        const { earliest, latest } = range;
        if (position >= earliest && position <= latest)
          this.#displace([reader], falseAlarm(what, earliest, latest));
        else this.#leaveRange(reader, range);
      },
    );
  }

  /**
   * A new leader may have a shorter log than the former one, with other records after that (unclean.leader.election.enable). What was read last must
   * stand in its log.
   *
   * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-320
   */
  #checkTruncation(reader: PartitionReader, leader: Leader): void {
    const { topic, partition, position, readEpoch } = reader;
    const read = { topic, partition, offset: position, leaderEpoch: readEpoch };
    this.#resolve(
      reader,
      `The check of ${topic}/${partition} for truncation at offset ${position}`,
      async () => {
        const [ends, range] = await Promise.all([
          lookUpEpochEnds(this.#cluster, [read], this.#limits()),
          this.#rangeOf(reader),
        ]);
        return { ends, range };
      },
      ({ ends, range }) => {
        if (ends === undefined || (ends[0]?.endOffset ?? -1) >= position) this.#assignTo(leader, reader);
        else this.#leaveRange(reader, { ...range, reason: 'truncated' });
      },
    );
  }

  /** Asks something about a reader that is in no loop, and goes on with the answer, unless it was sought, failed or closed meanwhile. */
  #resolve<T>(reader: PartitionReader, what: string, ask: () => Promise<T>, goOn: (answer: T) => void): void {
    const { epoch } = reader;
    const stale = () => this.#closed || reader.failed;
    ask().then(
      (answer) => {
        if (stale()) return;
        if (reader.epoch === epoch) goOn(answer);
        else this.#assign([reader], false);
      },
      (thrown: unknown) => {
        if (stale()) return;
        if (reader.epoch === epoch) this.#displace([reader], wrapError(thrown, what));
        else this.#assign([reader], true);
      },
    );
  }

  async #rangeOf({
    topic,
    partition,
  }: PartitionReader): Promise<Pick<OutOfRange, 'earliest' | 'latest' | 'topicId'>> {
    const asked = [{ topic, partition }];
    const [earliest, latest] = await Promise.all([
      lookUpOffsets(this.#cluster, 'earliest', asked, 'read_uncommitted', this.#limits()),
      lookUpOffsets(this.#cluster, 'latest', asked, 'read_uncommitted', this.#limits()),
    ]);
    // The ends may be those of a topic made anew: its id must be known, too.
    await this.#cluster.refresh([topic]);
    const topicId = this.#cluster.topic(topic)?.topicId;
    return { earliest: earliest[0]?.offset ?? -1, latest: latest[0]?.offset ?? -1, topicId };
  }

  #limits(): AskLeadersOptions {
    return { retryTimeoutMs: this.#options.retryTimeoutMs, signal: this.#ending.signal };
  }

  #leaveRange(
    reader: PartitionReader,
    why: Pick<OutOfRange, 'earliest' | 'latest' | 'topicId' | 'reason'>,
  ): void {
    const { topic, partition, position } = reader;
    try {
      reader.moveTo(this.#options.handler.onOutOfRange({ topic, partition, offset: position, ...why }));
    } catch (thrown) {
      this.#giveUp(
        [reader],
        wrapError(thrown, `Out of range at offset ${position} of ${topic}/${partition}`),
      );
      return;
    }
    this.#assign([reader], false);
  }

  #loopOf(nodeId: number): FetchLoop {
    const known = this.#loops.get(nodeId);
    if (known !== undefined) return known;
    const { budget, fetchMaxWaitMs, isolation } = this.#options;
    const loop = new FetchLoop({
      cluster: this.#cluster,
      nodeId,
      budget,
      fetchMaxWaitMs,
      readCommitted: isolation === 'read_committed',
      onAnswer: (asked, answer, reserved) => {
        this.#onAnswer(asked, answer, reserved, nodeId);
      },
      onFailure: (asked, error) => {
        this.#displace(
          asked.map(({ reader }) => reader),
          error,
        );
      },
    });
    this.#loops.set(nodeId, loop);
    return loop;
  }

  #takeOut(reader: PartitionReader): void {
    for (const loop of this.#loops.values()) loop.remove(reader);
  }

  #reader(partition: TopicPartition): PartitionReader {
    const reader = this.#readers.get(keyOf(partition));
    if (reader === undefined)
      throw new LifecycleError(
        `Partition ${partition.topic}/${partition.partition} was not given to this source`,
      );
    return reader;
  }
}

function falseAlarm(what: string, earliest: number, latest: number): BrokerError {
  return new BrokerError(
    `${what} was answered with OFFSET_OUT_OF_RANGE, yet the leader holds ${earliest} to ${latest}`,
    { brokerCode: OFFSET_OUT_OF_RANGE, brokerError: 'OFFSET_OUT_OF_RANGE', retriable: true },
  );
}
