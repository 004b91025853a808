import { isObject } from '../../kernel/is-object.ts';
import type { MessageProcessor } from '../../message-processor.ts';
import type { MessageProcessors } from '../../message-processors.ts';

/** Counts the calls of a processor at its start and end, which no step of a partition shows. */
export class CountedCalls {
  #calls = 0;

  /** Whether one of them has not returned yet. */
  get isCalled(): boolean {
    return this.#calls > 0;
  }

  /** The same processors, with their calls counted. What is none is left for others to refuse. */
  of(processors: MessageProcessors): MessageProcessors {
    if (typeof processors !== 'function') return this.#counted(processors);
    return (partition) => this.#counted(processors(partition));
  }

  #counted(processor: MessageProcessor): MessageProcessor {
    if (!isObject(processor) || typeof processor.process !== 'function') return processor;
    const { ownStores, overlapsFlush } = processor;
    return {
      process: (...args) => processor.process(...args),
      init: (context) => this.#count(() => processor.init?.(context)),
      close: () => this.#count(() => processor.close?.()),
      onAssigned: (partitions) => this.#count(() => processor.onAssigned?.(partitions)),
      onRevoked: (partitions) => this.#count(() => processor.onRevoked?.(partitions)),
      ...(ownStores === undefined ? {} : { ownStores }),
      ...(overlapsFlush === undefined ? {} : { overlapsFlush }),
    };
  }

  async #count(call: () => void | Promise<void>): Promise<void> {
    this.#calls++;
    try {
      await call();
    } finally {
      this.#calls--;
    }
  }
}
