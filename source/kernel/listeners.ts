import { callGuarded } from './call-guarded.ts';
import type { Logger } from './logger.ts';

/**
 * Listeners of named events; `Events` gives what each is called with. What one throws is logged and
 * reaches nobody else.
 */
export class Listeners<Events extends { [Name in keyof Events]: readonly unknown[] }> {
  readonly #log: Logger;
  readonly #listeners = new Map<keyof Events, Set<(...event: never) => unknown>>();

  constructor(logger: Logger) {
    this.#log = logger;
  }

  /** @returns a function that ends it */
  on<Name extends keyof Events>(name: Name, listener: (...event: Events[Name]) => unknown): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    // A function of its own, so that a listener that is given twice can be taken away once.
    const own = (...event: Events[Name]) => listener(...event);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<Name extends keyof Events>(name: Name, ...event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      callGuarded(
        () => listener(...(event as unknown as never)),
        (error) => {
          this.#log.error('A listener failed', { event: String(name), error });
        },
      );
    }
  }
}
