import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError, LifecycleError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { Compression, RecordAccumulator, RecordSink, SinkOptions } from '../../sink.ts';
import { FailingPartitions } from '../../trouble.ts';
import { BatchAccumulator } from './batch-accumulator.ts';
import type { BatchSender } from './batch-accumulator.ts';
import { BatchBuffers } from './batch-buffers.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { FlushTicket } from './flush-ticket.ts';
import type { OutgoingBatch, QueuedBatch } from './flush-ticket.ts';
import { noLeader } from '../ask/ask-leaders.ts';
import { LaterAttempts } from './later-attempts.ts';
import { OutputTopics } from './output-topics.ts';
import { PartitionQueue } from './partition-queue.ts';
import type { FailedAttempt, ProduceOutcomes } from './produce-loop.ts';
import { ProduceLoops } from './produce-loops.ts';
import { ProducerIds } from './producer-ids.ts';
import type { OwnedProducerId } from './owned-producer-id.ts';
import type { ProducerIdSource } from './producer-ids.ts';
import { certainlyNotStored, losesSequence } from './produce-outcome.ts';
import { LEAST_TRY_MS } from '../connection/deadlines.ts';
import { RepeatedRecords } from './repeated-records.ts';
import { splitBatch } from './split-batch.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { listPartitions } from '../../../kernel/topic-partition.ts';
import { sharedAbort } from '../../../kernel/shared-abort.ts';

/** Below the 1,048,588 bytes that brokers and topics take by default. */
const BATCH_BYTES = 900_000;
const MAX_IN_FLIGHT_PER_BROKER = 1;
const TOPIC_REFRESH_MS = 60_000;

/**
 * Sends batches to the leaders of their partitions and owns each one until its outcome is known.
 *
 * Per partition, in order, the head of its queue is sent together with the heads of other
 * partitions of the same broker:
 * - acked, it leaves the queue;
 * - after a failure that can pass, the same bytes are sent again, to the leader of then;
 * - failed for good, it goes back to its flush, together with all that this flush has queued behind
 *   it, so that the order holds.
 */
export class KafkajsSink implements RecordSink, BatchSender, ProduceOutcomes {
  readonly #cluster: ClusterConnection;
  readonly #options: KafkajsSinkOptions;
  readonly #topics: OutputTopics;
  readonly #producerIds: ProducerIdSource;
  readonly #repeats: RepeatedRecords;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #loops: ProduceLoops;
  readonly #failing: FailingPartitions<PartitionQueue>;
  readonly #later: LaterAttempts;
  readonly #batchBytes = new Map<string, number>();
  readonly #buffers = new BatchBuffers();
  readonly #ending = sharedAbort();
  #closed: LifecycleError | undefined;

  constructor(cluster: ClusterConnection, options: KafkajsSinkOptions) {
    this.#cluster = cluster;
    this.#options = options;
    const { retryTimeoutMs, topicRefreshMs = TOPIC_REFRESH_MS } = options;
    const limits = { retryTimeoutMs, signal: this.#ending.signal };
    this.#topics = new OutputTopics(cluster, { ...limits, topicRefreshMs });
    this.#failing = new FailingPartitions({
      verb: 'Sending to',
      kind: 'send',
      timeoutMs: retryTimeoutMs,
      reports: cluster.observer,
    });
    this.#later = new LaterAttempts(cluster, (queues) => {
      this.#askForLeaders(queues);
    });
    this.#producerIds = options.owned ?? new ProducerIds(cluster, limits);
    this.#repeats = new RepeatedRecords(cluster.logger, options.onRepeated);
    this.#loops = new ProduceLoops({
      cluster,
      maxInFlight: MAX_IN_FLIGHT_PER_BROKER,
      retryTimeoutMs: options.retryTimeoutMs,
      outcomes: this,
      transactionalId: options.owned?.transactionalId,
    });
  }

  get compression(): Compression {
    return this.#options.compression;
  }

  partitionCount(topic: string): number | undefined {
    return this.#topics.partitionCount(topic);
  }

  loadTopic(topic: string): Promise<number> {
    return this.#topics.load(topic);
  }

  accumulator(): RecordAccumulator {
    return new BatchAccumulator(this);
  }

  batchBytes(topic: string): number {
    return this.#batchBytes.get(topic) ?? BATCH_BYTES;
  }

  newBuffer(topic: string, partition: number): Buffer {
    const { lastBytes } = this.#queueOf(topic, partition);
    return this.#buffers.take(Math.ceil(Math.min(this.batchBytes(topic), lastBytes * 1.1)));
  }

  async send(batches: readonly OutgoingBatch[], unsent: OutgoingBatch[]): Promise<void> {
    if (this.#closed !== undefined) {
      unsent.push(...batches);
      throw this.#closed;
    }
    const ticket = new FlushTicket(batches.length);
    const queues = new Set<PartitionQueue>();
    const queuedNow: QueuedBatch[] = [];
    for (const batch of batches) {
      const queue = this.#queueOf(batch.topic, batch.partition);
      this.#topics.uses(batch.topic);
      const queued: QueuedBatch = { ...batch, ticket, stampedFor: undefined, sent: 0 };
      queuedNow.push(queued);
      queue.batches.push(queued);
      const { uncompressedBytes } = batch.sealed;
      // Of several, the last one holds only what was left.
      queue.lastBytes = queues.has(queue) ? Math.max(queue.lastBytes, uncompressedBytes) : uncompressedBytes;
      queues.add(queue);
    }
    this.#repeats.report(queuedNow, {});
    for (const queue of queues) this.#dispatch(queue);
    try {
      await ticket.done;
    } finally {
      unsent.push(...ticket.unsent());
    }
  }

  /**
   * Lets go of the producer id in all partitions: sequence numbers begin at 0 under the next one.
   * Nothing may be on its way.
   */
  retireProducer(): void {
    for (const queue of this.#queues.values()) queue.retireProducer();
  }

  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = new LifecycleError('The sink is closed');
    this.#ending.abort(this.#closed);
    this.#later.stop();
    this.#topics.stop();
    this.#failing.clear();
    await this.#loops.stop();
    this.#buffers.clear();
    for (const queue of this.#queues.values())
      while (queue.batches.length > 0) this.#giveUp(queue, this.#closed);
  }

  /** Whether the producer id is that of a transactional id: only its owner gets another one. */
  get #isOwned(): boolean {
    return this.#options.owned !== undefined;
  }

  /**
   * Sends the head of a queue, unless the queue is busy: then this is called again when that ends.
   */
  #dispatch(queue: PartitionQueue): void {
    if (queue.busy || queue.batches.length === 0 || this.#closed !== undefined) return;
    queue.busy = true;
    if (this.#options.idempotent && queue.producer === undefined) {
      const ready = this.#producerIds.ready(queue.retired);
      if (ready === undefined) {
        this.#awaitProducerId(queue);
        return;
      }
      queue.useProducer(ready);
    }
    const leader = this.#cluster.leaderOf(queue);
    if (leader === undefined) this.#askForLeaders([queue]);
    else this.#loops.offer(leader.nodeId, queue);
  }

  #release(queue: PartitionQueue): void {
    queue.busy = false;
    this.#dispatch(queue);
  }

  #awaitProducerId(queue: PartitionQueue): void {
    this.#producerIds.get(queue.retired).then(
      () => {
        this.#release(queue);
      },
      (thrown: unknown) => {
        const error = wrapError(thrown, `Produce to ${queue.topic}/${queue.partition}`);
        this.#cluster.observer.onError('Produce', error, [queue]);
        this.#giveUp(queue, error);
        this.#release(queue);
      },
    );
  }

  /** Sends the heads of these when their leaders are known, as soon as these were asked for again. */
  #askForLeaders(queues: readonly PartitionQueue[]): void {
    const { clock, watch } = this.#cluster;
    const { retryTimeoutMs } = this.#options;
    const beganAt = clock.now();
    let failingMs = 0;
    for (const { failingSince = beganAt } of queues) failingMs = Math.max(failingMs, beganAt - failingSince);
    const leftMs = Math.max(LEAST_TRY_MS, retryTimeoutMs - failingMs);
    const text = `The leader of ${listPartitions(queues)} was not named within ${retryTimeoutMs} ms`;
    const topics = new Set(queues.map(({ topic }) => topic));
    watch
      .within(leftMs, () => watch.tooLate(text), this.#cluster.refresh(topics))
      .then(
        () => {
          for (const topic of topics) this.#topics.looked(topic);
          for (const queue of queues) {
            if (this.#cluster.leaderOf(queue) !== undefined) this.#release(queue);
            else this.failed(queue, noLeader(this.#cluster, queue), { sent: false });
          }
        },
        (thrown: unknown) => {
          const error = wrapError(thrown, `Metadata of ${[...topics].join(', ')}`);
          for (const queue of queues) this.failed(queue, error, { sent: false, beganAt });
        },
      );
  }

  acked(queue: PartitionQueue): void {
    const [head] = queue.batches;
    queue.headAcked();
    this.#failing.delete(queue);
    if (head !== undefined) {
      const { topic, partition, sealed } = head;
      this.#cluster.observer.onAcked(topic, partition, sealed.count, sealed.uncompressedBytes);
      head.ticket.report(head, 'acked');
      if (this.#isDone(head) && sealed.buffer !== undefined) this.#buffers.give(sealed.buffer);
    }
    this.#release(queue);
  }

  /**
   * Whether nobody reads the bytes of an acked batch any more. Of one that went out more than once, an
   * attempt without an answer may still be in a socket; one of a transaction may have to be sent again
   * until that has ended.
   */
  #isDone({ sent, maybeStored }: QueuedBatch): boolean {
    return sent === 1 && !maybeStored && !this.#isOwned;
  }

  failed(queue: PartitionQueue, error: KasperError, { sent, beganAt }: FailedAttempt): void {
    const [head] = queue.batches;
    if (head === undefined) return;
    this.#cluster.observer.onError('Produce', error, [queue]);
    const now = this.#cluster.clock.now();
    queue.failingSince ??= beganAt ?? now;
    const outOfTime = now - queue.failingSince >= this.#options.retryTimeoutMs || this.#closed !== undefined;
    if (sent && !certainlyNotStored(error)) head.maybeStored = true;
    if (error instanceof BrokerError && isTooLarge(error.brokerCode) && this.#maySplit(head)) {
      this.#splitHead(queue, head);
      return;
    }
    const newProducer = this.#options.idempotent && !this.#isOwned && losesSequence(error);
    if (newProducer) this.#loseSequence(queue, head, error);
    if (outOfTime || !(error.retriable || newProducer)) {
      this.#giveUp(queue, error);
      this.#release(queue);
      return;
    }
    // Under the same producer id the broker knows a repeat by its sequence numbers.
    if (newProducer || !this.#options.idempotent)
      this.#repeats.report([head], { ...place(queue), error: error.message });
    this.#failing.add([queue], error);
    this.#later.add(queue, error);
  }

  /**
   * The broker no longer knows the sequence numbers before this batch: acked records may be lost,
   * and this one needs another id.
   */
  #loseSequence(queue: PartitionQueue, head: QueuedBatch, error: KasperError): void {
    queue.retireProducer();
    this.#cluster.logger.warn(
      'The broker refuses the sequence numbers of a partition: it forgot them or lost acknowledged records. Sending continues under a new producer id',
      {
        ...place(queue),
        records: head.sealed.count,
        error: error.message,
      },
    );
  }

  /** In a transaction its sequence numbers go to its halves, so nothing of it may be stored. */
  #maySplit({ sealed, maybeStored }: QueuedBatch): boolean {
    return sealed.count > 1 && !(this.#isOwned && maybeStored);
  }

  /** Hands the head, and what the same flush queued behind it, back to the flush. */
  #giveUp(queue: PartitionQueue, error: KasperError): void {
    const [head] = queue.batches;
    if (head === undefined) return;
    if (head.sent > 0) queue.retireProducer();
    queue.failingSince = undefined;
    queue.attempts = 0;
    this.#failing.delete(queue);
    const ours = queue.batches.filter(({ ticket }) => ticket === head.ticket);
    const others = queue.batches.filter(({ ticket }) => ticket !== head.ticket);
    queue.batches.splice(0, queue.batches.length, ...others);
    for (const batch of ours) batch.ticket.report(batch, batch.maybeStored ? 'unknown' : 'failed', error);
  }

  /**
   * The topic takes smaller batches only: the head goes out in two halves, and later batches are
   * closed earlier.
   */
  #splitHead(queue: PartitionQueue, head: QueuedBatch): void {
    const limit = Math.max(
      1,
      Math.floor(Math.min(this.batchBytes(queue.topic), head.sealed.uncompressedBytes) / 2),
    );
    this.#batchBytes.set(queue.topic, limit);
    this.#cluster.logger.info('A topic refuses batches of this size: they are halved', {
      ...place(queue),
      refusedBytes: head.sealed.bytes.length,
      batchBytes: limit,
    });
    this.#repeats.report([head], place(queue));
    // The refused batch was stamped; its sequence numbers are not given to other bytes. In a
    // transaction that cannot be had: there they are, since the broker has stored nothing of it.
    if (!this.#isOwned) queue.retireProducer();
    this.#halveHead(queue, head);
    this.#release(queue);
  }

  cut(queue: PartitionQueue, maxBytes: number): void {
    for (let [head] = queue.batches; head !== undefined; [head] = queue.batches) {
      const { sealed, sent } = head;
      // What was sent belongs to its sequence numbers.
      if (sent > 0 || sealed.count === 1 || sealed.bytes.length <= maxBytes) return;
      this.#halveHead(queue, head);
    }
  }

  #halveHead(queue: PartitionQueue, head: QueuedBatch): void {
    const halves = splitBatch(head, this.compression);
    head.ticket.split(halves.length);
    queue.batches.splice(
      0,
      1,
      ...halves.map((sealed) => ({ ...head, sealed, stampedFor: undefined, sent: 0 })),
    );
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic}/${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PartitionQueue({ topic, partition });
      this.#queues.set(key, queue);
    }
    return queue;
  }
}

/** How this sink sends. */
export interface KafkajsSinkOptions extends SinkOptions {
  /** The producer id of a transactional id, to whose transactions all records belong. */
  readonly owned?: OwnedProducerId;
}

function place({ topic, partition }: PartitionQueue): { topic: string; partition: number } {
  return { topic, partition };
}

/** The codes for a batch that is larger than the topic, or a segment of its log, takes. */
function isTooLarge(code: number): boolean {
  return code === ErrorCodes.MESSAGE_TOO_LARGE || code === ErrorCodes.RECORD_LIST_TOO_LARGE;
}
