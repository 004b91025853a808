import {
  CONTROL,
  attributesOf,
  baseSequenceOf,
  baseTimestampOf,
  lastOffsetDeltaOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '../../kafka/records/batch-header.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { checkBatch, checkFormat } from './batch-check.ts';
import { compacted } from './compaction.ts';
import type { CompactionRules } from './compaction.ts';
import { checkRecords } from './check-records.ts';
import { correctTimes, stampAppendTime } from './correct-times.ts';
import { markerBatch, markerOf, type TransactionMarker } from './marker-batch.ts';
import { PartitionLog } from './partition-log.ts';
import { ProducerState, nextSequence, type KnownProducer, type ProducerBatch } from './producer-state.ts';
import type { RecordRules, RecordVerdict } from './record-check.ts';
import { codecBitsOf } from './time-search.ts';

/** The answer to one partition of a Produce request. */
export interface AppendResult {
  readonly code: number;
  readonly baseOffset: number;
  readonly logAppendTime: number;
  /** -1 where a broker refuses before it comes to the log, or for the size or checksum of a batch. */
  readonly logStartOffset: number;
}

/** What a topic takes from producers. */
export interface AppendRules extends Omit<RecordRules, 'count' | 'baseTimestamp' | 'codec'> {
  /** Version of the Produce request. */
  readonly produceVersion: number;
  /** The topic's `max.message.bytes`. */
  readonly maxMessageBytes: number;
  /** Number of the topic's codec; undefined where batches are stored as they come. */
  readonly codec: number | undefined;
  /**
   * The error code by the batch's transaction, 0 for none: asked when the batch is appended, since a
   * transaction may end while it waits for its check.
   */
  readonly transactionError: () => number;
  /** The time that the records get from the broker; undefined where they keep their own. */
  readonly appendTime: number | undefined;
}

/** A producer that has written to a partition. */
export interface DescribedProducer extends KnownProducer {
  /** The first offset of its open transaction, -1 for none. */
  readonly transactionStart: number;
}

/** No live node leads the partition. */
export const NO_LEADER = -1;

/** A new partition. */
export interface PartitionOptions {
  readonly topic: string;
  readonly index: number;
  readonly replicas: readonly number[];
  /** Node id, or {@link NO_LEADER}. */
  readonly leader: number;
}

/** One partition: its log, who leads it and since when, and who waits for changes. */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly replicas: readonly number[];
  /** Made when they are needed first: there may be thousands of partitions that nobody uses. */
  #log: PartitionLog | undefined;
  #producers: ProducerState | undefined;
  #watchers: Set<() => void> | undefined;
  #leader: number;
  /** Settles when the last batch that waits for its check is appended or refused. */
  #lastWaiting: Promise<void> | undefined;
  #leaderEpoch = 0;
  #deleted = false;

  constructor(options: PartitionOptions) {
    this.topic = options.topic;
    this.index = options.index;
    this.replicas = options.replicas;
    this.#leader = options.leader;
  }

  get log(): PartitionLog {
    return (this.#log ??= new PartitionLog());
  }

  /** Node id of the leader, or {@link NO_LEADER}. */
  get leader(): number {
    return this.#leader;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** The topic was deleted: holders of this object must look the partition up again. */
  get deleted(): boolean {
    return this.#deleted;
  }

  lead(nodeId: number): void {
    this.#leader = nodeId;
    this.#leaderEpoch++;
    if (nodeId !== NO_LEADER) this.log.startEpoch(this.#leaderEpoch);
    this.#notify();
  }

  delete(): void {
    this.#deleted = true;
    this.#notify();
  }

  /**
   * The error code for a request that reached `nodeId` and takes `currentLeaderEpoch` (-1:
   * unchecked) for the leader's epoch, 0 if it may be served. Followers serve those that do not
   * need the leader.
   */
  access(
    nodeId: number,
    {
      currentLeaderEpoch = -1,
      needsLeader = true,
    }: { currentLeaderEpoch?: number; needsLeader?: boolean } = {},
  ): number {
    if (currentLeaderEpoch !== -1) {
      if (currentLeaderEpoch < this.#leaderEpoch) return ErrorCodes.FENCED_LEADER_EPOCH;
      if (currentLeaderEpoch > this.#leaderEpoch) return ErrorCodes.UNKNOWN_LEADER_EPOCH;
    }
    if (this.#leader === nodeId) return ErrorCodes.NONE;
    if (!needsLeader && this.replicas.includes(nodeId)) return ErrorCodes.NONE;
    return ErrorCodes.NOT_LEADER_OR_FOLLOWER;
  }

  /**
   * Appends what a producer sent, unless it is damaged, out of order, or already there. Batches are
   * appended in the order of these calls.
   *
   * @returns a promise where the check takes long, or that of an earlier batch does
   */
  appendFromProducer(records: Buffer | null, rules: AppendRules): AppendResult | Promise<AppendResult> {
    const refusal = checkFormat(records, rules.produceVersion);
    if (refusal !== ErrorCodes.NONE || records === null) return refused(refusal);
    const code = checkBatch(records, rules.maxMessageBytes);
    if (code !== ErrorCodes.NONE) return this.#refused(code);
    const { keysRequired, oldestTimestamp, youngestTimestamp, codec } = rules;
    const isRewritten = codec !== undefined && codec !== codecBitsOf(records);
    const verdict = checkRecords(records, {
      count: recordCountOf(records, 0),
      baseTimestamp: baseTimestampOf(records, 0),
      keysRequired,
      oldestTimestamp,
      youngestTimestamp,
      ...(isRewritten && { codec }),
    });
    if (this.#lastWaiting === undefined && !(verdict instanceof Promise)) {
      return this.#appendChecked(records, verdict, rules);
    }
    const result = this.#appendInLine(records, verdict, rules);
    const over = Promise.allSettled([this.#lastWaiting, result]).then(() => {
      if (this.#lastWaiting === over) this.#lastWaiting = undefined;
    });
    this.#lastWaiting = over;
    return result;
  }

  async #appendInLine(
    records: Buffer,
    verdict: RecordVerdict | Promise<RecordVerdict>,
    rules: AppendRules,
  ): Promise<AppendResult> {
    const epoch = this.#leaderEpoch;
    const [checked] = await Promise.all([verdict, this.#lastWaiting]);
    if (this.#deleted) return refused(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
    if (this.#leaderEpoch !== epoch) return refused(ErrorCodes.NOT_LEADER_OR_FOLLOWER);
    return this.#appendChecked(records, checked, rules);
  }

  #appendChecked(
    sent: Buffer,
    { code, maxTimestamp, rewritten }: RecordVerdict,
    { transactionError, appendTime, maxMessageBytes }: AppendRules,
  ): AppendResult {
    if (code !== ErrorCodes.NONE) return this.#refused(code);
    const records = rewritten ?? sent;
    if (records.length > maxMessageBytes) return refused(ErrorCodes.MESSAGE_TOO_LARGE);
    const refusal = transactionError();
    if (refusal !== ErrorCodes.NONE) return refused(refusal);
    if (appendTime === undefined) correctTimes(records, maxTimestamp);
    else stampAppendTime(records, appendTime);
    const logAppendTime = appendTime ?? -1;
    const producerId = producerIdOf(records, 0);
    if (producerId < 0n) return this.#appended(this.append(records), logAppendTime);
    const batch = producerBatchOf(records);
    const producers = (this.#producers ??= new ProducerState());
    const verdict = producers.check(batch);
    if (verdict.kind === 'refuse') return this.#refused(verdict.code);
    if (verdict.kind === 'duplicate') return this.#appended(verdict.baseOffset, verdict.maxTimestamp);
    const baseOffset = this.append(records);
    producers.stored(batch, baseOffset);
    return this.#appended(baseOffset, logAppendTime);
  }

  #appended(baseOffset: number, logAppendTime: number): AppendResult {
    return { code: ErrorCodes.NONE, baseOffset, logAppendTime, logStartOffset: this.log.startOffset };
  }

  #refused(code: number): AppendResult {
    const isBeforeLog = code === ErrorCodes.MESSAGE_TOO_LARGE || code === ErrorCodes.CORRUPT_MESSAGE;
    return { ...refused(code), logStartOffset: isBeforeLog ? -1 : this.log.startOffset };
  }

  /**
   * Ends the transaction of a producer; returns an error code.
   *
   * @param timestamp milliseconds since 1970
   */
  appendMarker(marker: TransactionMarker, timestamp: number): number {
    const producers = (this.#producers ??= new ProducerState());
    const code = producers.checkMarker(marker);
    if (code !== ErrorCodes.NONE) return code;
    producers.marked(marker, timestamp);
    this.append(markerBatch(marker, timestamp));
    return code;
  }

  /**
   * Who has written here, with the first offset of the transaction that is open, -1 for none; also
   * of transactions whose batches were appended unchecked.
   */
  describeProducers(): DescribedProducer[] {
    const known = new Map<bigint, DescribedProducer>();
    for (const { firstOffset, ...open } of this.log.transactions.all()) {
      known.set(open.producerId, {
        ...open,
        lastSequence: -1,
        coordinatorEpoch: -1,
        transactionStart: firstOffset,
      });
    }
    for (const producer of this.#producers?.all() ?? []) {
      const transactionStart = known.get(producer.producerId)?.transactionStart ?? -1;
      known.set(producer.producerId, { ...producer, transactionStart });
    }
    return [...known.values()];
  }

  /** Appends a batch unchecked, at the end of the log, with the current leader epoch. */
  append(batch: Buffer): number {
    const baseOffset = this.log.append(batch, this.#leaderEpoch);
    this.#notify();
    return baseOffset;
  }

  /** Appends a batch unchecked, with the base offset and leader epoch of its header. */
  appendAsIs(batch: Buffer): number {
    const baseOffset = this.log.appendAsIs(batch);
    this.#notify();
    return baseOffset;
  }

  deleteBefore(offset: number): void {
    this.log.deleteBefore(offset);
    this.#notify();
  }

  /**
   * Loses the batch that holds `offset` and all that follow, as when a copy that lacked them becomes
   * the leader (unclean leader election); returns the new end of the log.
   *
   * @param leader the node that leads from now on, with a new epoch
   */
  truncate(offset: number, leader: number): number {
    const endOffset = this.log.truncate(offset);
    const producers = new ProducerState();
    this.#producers = producers;
    this.log.eachBatch((batch, baseOffset) => {
      if (producerIdOf(batch, 0) < 0n) return;
      const marker = markerOf(batch);
      if (marker !== undefined) producers.marked(marker, maxTimestampOf(batch, 0));
      else if ((attributesOf(batch, 0) & CONTROL) === 0) producers.stored(producerBatchOf(batch), baseOffset);
    });
    this.lead(leader);
    return endOffset;
  }

  /**
   * Replaces what compaction makes of the log.
   *
   * @throws RecordError for a batch that is damaged, ConfigError for a codec that cannot be loaded;
   *   the log is then as it was
   */
  compact(rules: CompactionRules): void {
    const { transactions, lastStableOffset } = this.log;
    const result = compacted(
      {
        name: `${this.topic}/${this.index}`,
        batches: this.log.batches(),
        lastStableOffset,
        aborted: transactions.aborted,
        isLastOfProducer: (batch) => this.#producers?.isKnownBy(batch) === true,
      },
      rules,
    );
    if (result === undefined) return;
    this.log.replaceBefore(result.before, result.batches);
    transactions.keepAborted(result.aborted);
  }

  /** Forgets producer ids with their epochs and sequences, as when they expire. */
  forgetProducers(): void {
    this.#producers = undefined;
  }

  /** Calls `changed` on every append, leader move and deletion, until {@link unwatch}. */
  watch(changed: () => void): void {
    (this.#watchers ??= new Set()).add(changed);
  }

  unwatch(changed: () => void): void {
    this.#watchers?.delete(changed);
  }

  #notify(): void {
    if (this.#watchers === undefined) return;
    for (const changed of this.#watchers) changed();
  }
}

function producerBatchOf(batch: Buffer): ProducerBatch {
  const firstSequence = baseSequenceOf(batch, 0);
  return {
    producerId: producerIdOf(batch, 0),
    epoch: producerEpochOf(batch, 0),
    firstSequence,
    lastSequence: nextSequence(firstSequence, lastOffsetDeltaOf(batch, 0)),
    maxTimestamp: maxTimestampOf(batch, 0),
  };
}

function refused(code: number): AppendResult {
  return { code, baseOffset: -1, logAppendTime: -1, logStartOffset: -1 };
}
