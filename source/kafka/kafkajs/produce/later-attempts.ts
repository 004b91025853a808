import { backoffMs } from '../../../kernel/backoff.ts';
import type { Timer } from '../../../kernel/clock.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import { someOf } from '../../../kernel/some-of.ts';
import { listPartitions } from '../../../kernel/topic-partition.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { RETRY_BACKOFF } from '../connection/retry-loop.ts';
import type { PartitionQueue } from './partition-queue.ts';

/**
 * Queues whose heads are sent again when a back-off is over.
 *
 * What fails in one turn is tried again together: each attempt asks for the leaders first, and an
 * answer names all partitions of a topic. A thousand that each have a time of their own, as after a
 * topic was created, would ask a thousand times.
 */
export class LaterAttempts {
  readonly #cluster: Pick<ClusterConnection, 'clock' | 'logger'>;
  readonly #attempt: (queues: readonly PartitionQueue[]) => void;
  /** Of this turn. */
  #failed: { readonly queue: PartitionQueue; readonly error: KasperError }[] = [];
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(
    cluster: Pick<ClusterConnection, 'clock' | 'logger'>,
    attempt: (queues: readonly PartitionQueue[]) => void,
  ) {
    this.#cluster = cluster;
    this.#attempt = attempt;
  }

  /** Has the head of a queue sent again. */
  add(queue: PartitionQueue, error: KasperError): void {
    if (this.#failed.push({ queue, error }) > 1) return;
    queueMicrotask(() => {
      const failed = this.#failed;
      this.#failed = [];
      if (this.#stopped) return;
      const texts = new Set(failed.map((each) => each.error.message));
      this.#wait(
        failed.map((each) => each.queue),
        someOf([...texts]).join('; '),
      );
    });
  }

  /** Nothing is sent again. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #wait(queues: readonly PartitionQueue[], error: string): void {
    const { clock, logger } = this.#cluster;
    let attempts = 0;
    for (const queue of queues) attempts = Math.max(attempts, queue.attempts++);
    const inMs = backoffMs(RETRY_BACKOFF, attempts);
    logger.debug('Batches are sent again', {
      partitions: listPartitions(queues),
      inMs,
      error,
    });
    const timer = clock.after(inMs, () => {
      this.#timers.delete(timer);
      this.#attempt(queues);
    });
    this.#timers.add(timer);
  }
}
