import { LifecycleError } from './kernel/errors.ts';

/**
 * States of a TopicProcessor:
 *
 * ```
 *           runLoop, runToEnd          started
 *    new ─────────────────────► starting ─────► running
 *     │                            │               │
 *     │ close                      │ close, error  │ close, error, end reached
 *     │                            ▼               │
 *     │                         closing ◄──────────┘
 *     │                          │    │
 *     ▼            all released  │    │  after an error
 *   closed ◄─────────────────────┘    └────────────────► failed
 * ```
 */
export type ProcessorState = 'new' | 'starting' | 'running' | 'closing' | 'closed' | 'failed';

/** From each state, the states that may follow. */
export const transitions: Readonly<Record<ProcessorState, readonly ProcessorState[]>> = {
  new: ['starting', 'closed'],
  starting: ['running', 'closing'],
  running: ['closing'],
  closing: ['closed', 'failed'],
  closed: [],
  failed: [],
};

/** Holds the state and lets only legal transitions happen. */
export class Lifecycle {
  #state: ProcessorState = 'new';
  readonly #onChange: (from: ProcessorState, to: ProcessorState) => void;

  constructor(onChange: (from: ProcessorState, to: ProcessorState) => void) {
    this.#onChange = onChange;
  }

  get state(): ProcessorState {
    return this.#state;
  }

  /** Whether no more batches may begin. */
  isEnding(): boolean {
    return this.#state !== 'new' && this.#state !== 'starting' && this.#state !== 'running';
  }

  /** @throws LifecycleError for a transition that the table does not have */
  to(next: ProcessorState): void {
    const from = this.#state;
    if (!transitions[from].includes(next)) {
      throw new LifecycleError(`A TopicProcessor that is '${from}' cannot become '${next}'`);
    }
    this.#state = next;
    this.#onChange(from, next);
  }

  /** @throws LifecycleError unless nothing was started yet */
  assertNew(method: string): void {
    if (this.#state === 'new') return;
    throw new LifecycleError(
      `${method}() was called on a TopicProcessor that is '${this.#state}': one runs once; make a new TopicProcessor to run again`,
    );
  }
}
