import type { PartitionQueue } from './partition-queue.ts';
import { ProduceLoop, type ProduceLoopOptions } from './produce-loop.ts';

/** The {@link ProduceLoop}s of one sink, one for each broker that leads something of it. */
export class ProduceLoops {
  readonly #options: Omit<ProduceLoopOptions, 'nodeId'>;
  readonly #byNode = new Map<number, ProduceLoop>();

  constructor(options: Omit<ProduceLoopOptions, 'nodeId'>) {
    this.#options = options;
  }

  /** Has the head of a queue sent to this broker. */
  offer(nodeId: number, queue: PartitionQueue): void {
    let loop = this.#byNode.get(nodeId);
    if (loop === undefined) {
      loop = new ProduceLoop({ ...this.#options, nodeId });
      this.#byNode.set(nodeId, loop);
    }
    loop.offer(queue);
  }

  /** Sends nothing more of what was offered; resolves when no request is in flight. */
  async stop(): Promise<void> {
    for (const loop of this.#byNode.values()) loop.takeBack();
    await Promise.all([...this.#byNode.values()].map((loop) => loop.idle()));
  }
}
