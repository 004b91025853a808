import { ErrorCodes } from '../../wire/error-codes.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { missingAnswer } from '../ask/ask-leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { produceRequest } from '../protocol/produce.ts';
import type { ProducedPartition } from '../protocol/produce.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import { keyOf } from '../../../kernel/topic-partition.ts';
import { wrapError } from '../connection/wrap-error.ts';

/**
 * A request is closed once it holds this much; a broker takes 100 MB, but pipelining wants several.
 */
const REQUEST_BYTES = 1_000_000;
/** The broker's code for a repeat that it has stored before. */
const STORED_BEFORE = ErrorCodes.DUPLICATE_SEQUENCE_NUMBER;

export interface ProduceLoopOptions {
  readonly cluster: ClusterConnection;
  readonly nodeId: number;
  readonly maxInFlight: number;
  readonly outcomes: ProduceOutcomes;
}

/** Takes what became of the heads that a {@link ProduceLoop} sent. */
export interface ProduceOutcomes {
  acked(queue: PartitionQueue): void;
  /** `sent`: the batch may have reached the broker. */
  failed(queue: PartitionQueue, error: KasperError, at: { readonly sent: boolean }): void;
}

/** Sends the heads of the partitions that one broker leads, many partitions to a request. */
export class ProduceLoop {
  readonly #options: ProduceLoopOptions;
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
      const queues: PartitionQueue[] = [];
      let bytes = 0;
      for (const queue of this.#ready) {
        const head = queue.batches[0];
        const size = head?.sealed.bytes.length ?? 0;
        if (queues.length > 0 && bytes + size > REQUEST_BYTES) break;
        queues.push(queue);
        bytes += size;
      }
      this.#ready = this.#ready.slice(queues.length);
      this.#inFlight += 1;
      void this.#send(queues).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
        if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    }
  }

  /** One request; never rejects. */
  async #send(queues: readonly PartitionQueue[]): Promise<void> {
    const { cluster, nodeId, outcomes } = this.#options;
    const { produceMs, produceTimeoutMs } = cluster.deadlines;
    let sent = false;
    try {
      const link = cluster.readyLink(nodeId) ?? (await cluster.link(nodeId));
      const partitions = queues.map((queue) => ({
        topic: queue.topic,
        partition: queue.partition,
        batch: queue.takeHead(),
      }));
      sent = true;
      const answer = await link.call(produceRequest(partitions, produceTimeoutMs), produceMs);
      this.#judge(queues, answer);
    } catch (thrown) {
      const error = wrapError(thrown, `Produce to broker ${nodeId}`);
      for (const queue of queues) outcomes.failed(queue, error, { sent });
    }
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
