import type { PartitionOffset } from '../../kafka/log-position.ts';

/** A request of a client, or something that was noted. */
export interface FakeCall {
  readonly name: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly count?: number;
  readonly groupId?: string;
  readonly offsets?: readonly PartitionOffset[];
}

/** Runs before the fake answers: throws to make the request fail, returns a promise to delay it. */
export type Interceptor = (call: FakeCall) => void | Promise<void>;

type Where = (call: FakeCall) => boolean;

/** Calls that wait until it is opened. */
export interface Gate {
  readonly waiting: readonly FakeCall[];
  /** Lets those that wait, and all that come later, pass. */
  open(): void;
}

/**
 * The requests of a fake cluster: what was asked, and what a test does to them. `commitOffset` is
 * one entry of a commit: what is thrown there is that entry's error.
 */
export class FakeRequests {
  /** All that was asked, and noted, in order. */
  readonly calls: FakeCall[] = [];
  readonly #interceptors = new Map<string, Set<Interceptor>>();
  #busy = 0;

  /** Adds a line to {@link calls}, to see in which order things happen. */
  note(name: string): void {
    this.calls.push({ name });
  }

  /** The names of the calls that `names` lists, in order. */
  order(...names: string[]): string[] {
    return this.calls.map(({ name }) => name).filter((name) => names.includes(name));
  }

  callsOf(name: string): FakeCall[] {
    return this.calls.filter((call) => call.name === name);
  }

  /** @returns what ends it */
  intercept(name: string, interceptor: Interceptor): () => void {
    let interceptors = this.#interceptors.get(name);
    if (interceptors === undefined) this.#interceptors.set(name, (interceptors = new Set()));
    interceptors.add(interceptor);
    return () => interceptors.delete(interceptor);
  }

  /** Makes the next calls fail. Default: one. */
  fail(
    name: string,
    error: Error,
    { times = 1, where = () => true }: { times?: number; where?: Where } = {},
  ): void {
    let left = times;
    this.intercept(name, (call) => {
      if (left <= 0 || !where(call)) return;
      left--;
      throw error;
    });
  }

  /** Keeps calls waiting. */
  hold(name: string, where: Where = () => true): Gate {
    const waiting: FakeCall[] = [];
    let letGo: (() => void) | undefined;
    const isOpen = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const end = this.intercept(name, (call) => {
      if (!where(call)) return;
      waiting.push(call);
      return isOpen;
    });
    return {
      waiting,
      open: () => {
        end();
        letGo?.();
      },
    };
  }

  /** Resolves when nothing is in flight any more but what is held. */
  async quiet(): Promise<void> {
    let still = 0;
    for (let turn = 0; turn < 100_000; turn++) {
      await nextTurn();
      still = this.#busy === 0 ? still + 1 : 0;
      if (still === 6) return;
    }
    throw new Error(`FakeKafka never came to rest; the last calls: ${JSON.stringify(this.calls.slice(-10))}`);
  }

  /** Records the call and answers it in a later turn, if no interceptor makes it fail. */
  async answer(call: FakeCall): Promise<void> {
    this.calls.push(call);
    await this.busy(nextTurn());
    for (const interceptor of this.interceptorsOf(call.name)) {
      const delay = interceptor(call);
      if (delay === undefined) continue;
      await delay;
      await this.busy(nextTurn());
    }
  }

  interceptorsOf(name: string): readonly Interceptor[] {
    return [...(this.#interceptors.get(name) ?? [])];
  }

  /** What is awaited keeps {@link quiet} waiting. */
  async busy(work: Promise<void>): Promise<void> {
    this.#busy++;
    try {
      await work;
    } finally {
      this.#busy--;
    }
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
