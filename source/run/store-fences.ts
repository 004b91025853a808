import { randomUUID } from 'node:crypto';
import type { AnyStore } from '../../stores/multi-store.ts';
import type { FencedStore, StoreFence, StoreOwner } from '../../stores/store-owner.ts';
import type { Assignment } from '../assignment/assignment.ts';
import type { RunContext } from '../config/run-context.ts';
import type { MessageProcessor } from '../message-processor.ts';

/**
 * Has the stores of a run keep out what former owners of its partitions began to write, and hands on
 * to the next owner what is not sure of this run.
 */
export class StoreFences {
  readonly #fences: StoreFence[] = [];
  readonly #assignment: Assignment;

  /** Begins it; calls of the stores wait until it is done. */
  constructor(
    { config, logger }: RunContext,
    {
      assignment,
      processors,
    }: { readonly assignment: Assignment; readonly processors: Iterable<MessageProcessor> },
  ) {
    this.#assignment = assignment;
    const stores = new Set<AnyStore>(Object.values(config.stores));
    for (const { ownStores = [] } of processors) for (const store of ownStores) stores.add(store);
    const fenced = [...stores].filter(isFenced);
    if (fenced.length === 0) {
      assignment.noteFenced();
      return;
    }
    const { identity } = assignment;
    if (identity === undefined) {
      logger.warn(
        'claims: false, so that nothing is known of owners before this one: a write to a store that a dead process began may come after newer ones, and take them back',
      );
    }
    const owner: StoreOwner = {
      group: config.groupId,
      ...(identity ?? { id: randomUUID(), fence: undefined, former: [] }),
      stillOwned: () => assignment.guard.checkNow(),
      logger,
    };
    for (const store of fenced) this.#fences.push(store.fence(owner));
    void Promise.all(this.#fences.map(({ done }) => done)).then(() => {
      assignment.noteFenced();
    });
  }

  /** The run has ended; before its claims are released. */
  release(): void {
    if (this.#fences.some(({ isUnsure }) => isUnsure)) this.#assignment.noteUnsure();
    for (const fence of this.#fences) fence.release();
  }
}

function isFenced(store: AnyStore): store is AnyStore & FencedStore {
  return typeof store.fence === 'function';
}
