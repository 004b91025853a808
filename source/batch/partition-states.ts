import { LifecycleError } from '../kernel/errors.ts';

/**
 * States of an input partition:
 *
 * ```
 *             reading begins          seek
 *    gained ──────────────► running ───────► held
 *      │                     │  │ ▲           │ │
 *      │ stop                │  │ └───────────┘ │
 *      │                     │  │     sought    │
 *      ▼               stop  │  │               │  stop
 *   revoking ◄───────────────┘  │ failure       │
 *    │    ▲─────────────────────┼───────────────┘
 *    │    │                     ▼
 *    │    └──── failure ───► failed
 *    │ no batch in process
 *    ▼
 *   gone
 * ```
 *
 * | state | |
 * | --- | --- |
 * | `gained` | it is ours; reading has not begun |
 * | `running` | batches begin as soon as they are due |
 * | `held` | no batch begins, since a seek is waiting for the one in process |
 * | `revoking` | no batch begins any more, and what waited is dropped; the one in process is finished |
 * | `failed` | a batch failed: nothing more is done |
 * | `gone` | nothing is in process any more |
 */
export type PartitionStateName = 'gained' | 'running' | 'held' | 'revoking' | 'failed' | 'gone';

/** From each state, the states that may follow. */
export const partitionTransitions: Readonly<Record<PartitionStateName, readonly PartitionStateName[]>> = {
  gained: ['running', 'revoking'],
  running: ['held', 'revoking', 'failed'],
  held: ['running', 'revoking', 'failed'],
  revoking: ['gone', 'failed'],
  failed: [],
  gone: [],
};

/** Holds the state of one input partition and lets only legal transitions happen. */
export class PartitionState {
  #name: PartitionStateName = 'gained';

  get name(): PartitionStateName {
    return this.#name;
  }

  /** Whether batches may begin. */
  get isRunning(): boolean {
    return this.#name === 'running';
  }

  /** Whether no batch will begin any more. */
  get isEnding(): boolean {
    return partitionTransitions[this.#name].every((next) => next === 'gone' || next === 'failed');
  }

  /** @throws LifecycleError for a transition that the table does not have */
  to(next: PartitionStateName): void {
    if (!partitionTransitions[this.#name].includes(next))
      throw new LifecycleError(`A partition that is '${this.#name}' cannot become '${next}'`);
    this.#name = next;
  }
}
