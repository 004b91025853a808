import { ErrorCodes } from '../../wire/error-codes.ts';
import type { BrokerError, KasperError } from '../../../kernel/errors.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { missingAnswer } from '../ask/ask-leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { produceRequest } from '../protocol/produce.ts';
import type { ProducedPartition } from '../protocol/produce.ts';
import { wrapError } from '../connection/wrap-error.ts';

/** A request is closed once it holds this much; a broker takes 100 MB, but pipelining wants several. */
const REQUEST_BYTES = 1_000_000;
/** The broker's code for a repeat that it has stored before. */

export interface ProduceLoopOptions {
  readonly cluster: ClusterConnection;
  readonly nodeId: number;
  readonly maxInFlight: number;
  readonly onAcked: (queue: PartitionQueue) => void;
  /** @param sent whether the batch may have reached the broker */
  readonly onFailed: (queue: PartitionQueue, error: KasperError, sent: boolean) => void;
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

  /** Takes a queue whose head can go. What is offered within one turn of the event loop shares requests. */
  offer(queue: PartitionQueue): void {
    this.#ready.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Hands back what was offered and not sent. */
  takeBack(): PartitionQueue[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
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
    const { cluster, nodeId, onFailed } = this.#options;
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
      for (const queue of queues) onFailed(queue, error, sent);
    }
  }

  /** Every partition that was sent must be found in the answer: silence is not an ack. */
  #judge(queues: readonly PartitionQueue[], answer: readonly ProducedPartition[]): void {
    const { nodeId, onAcked, onFailed } = this.#options;
    for (const queue of queues) {
      const { topic, partition } = queue;
      const what = `Produce to ${topic}/${partition} at broker ${nodeId}`;
      const found = answer.find((entry) => entry.topic === topic && entry.partition === partition);
      let error: BrokerError | undefined;
      if (found === undefined) error = missingAnswer(what);
      else if (
        found.errorCode !== ErrorCodes.NONE &&
        found.errorCode !== ErrorCodes.DUPLICATE_SEQUENCE_NUMBER
      )
        error = brokerError(found.errorCode, what);
      if (error === undefined) onAcked(queue);
      else onFailed(queue, error, true);
    }
  }
}
