import { ErrorCodes } from '../../wire/error-codes.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { BrokerLink } from '../connection/broker-link.ts';
import type { CallLimit } from '../connection/call-watch.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { LEAST_TRY_MS } from '../connection/deadlines.ts';
import { RequestSize } from '../connection/request-size.ts';
import { missingAnswer } from '../ask/ask-leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { produceRequest } from '../protocol/produce.ts';
import type { ProducedPartition } from '../protocol/produce.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import { keyOf } from '../../../kernel/topic-partition.ts';
import { wrapError } from '../connection/wrap-error.ts';

/**
 * A request is closed once it holds this much; a broker takes 100 MB. While a batch computes, no ack
 * is read: what waited meanwhile, of several partitions, is to go out together, or the broker idles.
 */
const MOST_REQUEST_BYTES = 4_000_000;
/** The same while nothing is known of the link: more would take too long over a slow one. */
const FIRST_REQUEST_BYTES = 1_000_000;
/**
 * The slowest link that is waited for where a batch cannot be made smaller any more, since its
 * outcome is not known.
 */
const SLOWEST_BYTES_PER_MS = 20;
/** The broker's code for a repeat that it has stored before. */
const STORED_BEFORE = ErrorCodes.DUPLICATE_SEQUENCE_NUMBER;

export interface ProduceLoopOptions {
  readonly cluster: ClusterConnection;
  readonly nodeId: number;
  readonly maxInFlight: number;
  /** For how long retriable failures of one partition are retried. */
  readonly retryTimeoutMs: number;
  readonly outcomes: ProduceOutcomes;
  /** Whose transactions the batches belong to. Default: they belong to none. */
  readonly transactionalId?: string | undefined;
}

/** Takes what became of the heads that a {@link ProduceLoop} sent. */
export interface ProduceOutcomes {
  acked(queue: PartitionQueue): void;
  failed(queue: PartitionQueue, error: KasperError, at: FailedAttempt): void;
  /** The link is slow: a head that was not sent yet is to have no more than this many bytes. */
  cut(queue: PartitionQueue, maxBytes: number): void;
}

/** An attempt to send a head that failed. */
export interface FailedAttempt {
  /** The batch may have reached the broker. */
  readonly sent: boolean;
  /** When the attempt began, on the monotonic clock; undefined: now. */
  readonly beganAt?: number;
}

/** Sends the heads of the partitions that one broker leads, many partitions to a request. */
export class ProduceLoop {
  readonly #options: ProduceLoopOptions;
  readonly #size = new RequestSize(MOST_REQUEST_BYTES, FIRST_REQUEST_BYTES);
  #ready: PartitionQueue[] = [];
  #inFlight = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: ProduceLoopOptions) {
    this.#options = options;
  }

  /**
   * Takes a queue whose head can go. What is offered within one turn of the event loop shares
   * requests.
   */
  offer(queue: PartitionQueue): void {
    this.#ready.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Forgets what was offered and not sent. */
  takeBack(): void {
    this.#ready = [];
  }

  /** Resolves when no request is in flight. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0)
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
  }

  #pump(): void {
    while (this.#inFlight < this.#options.maxInFlight && this.#ready.length > 0) {
      const maxBytes = this.#size.bytes;
      const queues: PartitionQueue[] = [];
      let bytes = 0;
      for (const queue of this.#ready) {
        if (this.#size.isReduced) this.#options.outcomes.cut(queue, maxBytes);
        const size = queue.batches[0]?.sealed.bytes.length ?? 0;
        if (queues.length > 0 && bytes + size > maxBytes) break;
        queues.push(queue);
        bytes += size;
      }
      this.#ready = this.#ready.slice(queues.length);
      this.#inFlight += 1;
      void this.#send(queues, bytes).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
        if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    }
  }

  /** One request; never rejects. */
  async #send(queues: readonly PartitionQueue[], bytes: number): Promise<void> {
    const { cluster, nodeId, outcomes, transactionalId = null } = this.#options;
    const beganAt = cluster.clock.now();
    let sent = false;
    try {
      const link = cluster.readyLink(nodeId, 'produce') ?? (await this.#link(queues));
      const partitions = queues.map((queue) => ({
        topic: queue.topic,
        partition: queue.partition,
        batch: queue.takeHead(),
      }));
      sent = true;
      const { produceTimeoutMs: timeoutMs } = cluster.deadlines;
      const request = produceRequest(partitions, { timeoutMs, transactionalId });
      const sentAt = cluster.watch.now();
      const answer = await link.call(request, this.#limit(queues, bytes));
      this.#size.took(cluster.watch.now() - sentAt, bytes);
      this.#judge(queues, answer);
    } catch (thrown) {
      const error = wrapError(thrown, `Produce to broker ${nodeId}`);
      if (sent && error.code === 'TIMEOUT') this.#size.late();
      for (const queue of queues) outcomes.failed(queue, error, { sent, beganAt });
    }
  }

  #link(queues: readonly PartitionQueue[]): Promise<BrokerLink> {
    const { cluster, nodeId } = this.#options;
    const text = `Broker ${nodeId} could not be connected to in time`;
    const { watch } = cluster;
    return watch.within(this.#leftMs(queues), () => watch.tooLate(text), cluster.link(nodeId, 'produce'));
  }

  /**
   * What the kernel holds of a request cannot be seen moving. So a request that is large although
   * the link was found to be slow, since it repeats one, is given the time that its bytes may need.
   */
  #limit(queues: readonly PartitionQueue[], bytes: number): CallLimit {
    const { produceMs } = this.#options.cluster.deadlines;
    const ms = this.#size.isReduced ? produceMs + bytes / SLOWEST_BYTES_PER_MS : produceMs;
    return { ms, inAllMs: this.#leftMs(queues) };
  }

  /** What is left of retryTimeoutMs for the partition that has most of it. */
  #leftMs(queues: readonly PartitionQueue[]): number {
    const { cluster, retryTimeoutMs } = this.#options;
    const now = cluster.clock.now();
    let failingMs = Number.POSITIVE_INFINITY;
    for (const { failingSince = now } of queues) failingMs = Math.min(failingMs, now - failingSince);
    return Math.max(LEAST_TRY_MS, retryTimeoutMs - failingMs);
  }

  /** Every partition that was sent must be found in the answer: silence is not an ack. */
  #judge(queues: readonly PartitionQueue[], answer: readonly ProducedPartition[]): void {
    const { nodeId, outcomes } = this.#options;
    const answers = new PartitionAnswers(answer);
    for (const queue of queues) {
      const errorCode = answers.of(queue)?.errorCode;
      if (errorCode === ErrorCodes.NONE || errorCode === STORED_BEFORE) {
        outcomes.acked(queue);
        continue;
      }
      const what = `Produce to ${keyOf(queue)} at broker ${nodeId}`;
      const error = errorCode === undefined ? missingAnswer(what) : brokerError(errorCode, what);
      outcomes.failed(queue, error, { sent: true });
    }
  }
}
