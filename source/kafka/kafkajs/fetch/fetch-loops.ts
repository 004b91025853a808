import type { Leader } from '../connection/topic-table.ts';
import { FetchLoop, type FetchLoopOptions } from './fetch-loop.ts';
import type { FetchPosition } from './fetch-position.ts';

/** The {@link FetchLoop}s of one source, one for each broker that leads something of it. */
export class FetchLoops {
  readonly #options: Omit<FetchLoopOptions, 'nodeId'>;
  readonly #byNode = new Map<number, FetchLoop>();

  constructor(options: Omit<FetchLoopOptions, 'nodeId'>) {
    this.#options = options;
  }

  /** Has a partition read at its leader. */
  add(position: FetchPosition, { nodeId, epoch }: Leader): void {
    position.leaderEpoch = epoch;
    let loop = this.#byNode.get(nodeId);
    if (loop === undefined) {
      loop = new FetchLoop({ ...this.#options, nodeId });
      this.#byNode.set(nodeId, loop);
    }
    loop.add(position);
  }

  /** Takes a partition out of the loop that it is in, if it is in one. */
  remove(position: FetchPosition): void {
    for (const loop of this.#byNode.values()) loop.remove(position);
  }

  /** Has all look again at what there is to ask for. */
  wake(): void {
    for (const loop of this.#byNode.values()) loop.wake();
  }

  /** Resolves when all have ended; waits for no answer. */
  async stop(): Promise<void> {
    await Promise.all([...this.#byNode.values()].map((loop) => loop.stop()));
  }
}
