import type { Answers, Question, ToServer } from './messages.ts';

/**
 * A question that has not been answered for this long is sent again: what it waits for may never
 * come.
 */
const ASK_AGAIN_MS = 10_000;

/** The outcome of a question: the answer, why there is none, or nothing within the time. */
export type Outcome<Q extends Question> =
  | { readonly kind: 'answer'; readonly answer: Answers[Q] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'silent' };

interface Pending {
  readonly id: number;
  readonly askedAt: number;
  readonly outcome: Promise<Outcome<Question>>;
  readonly settle: (outcome: Outcome<Question>) => void;
}

/**
 * Questions to the main thread, and its last answers. A question that is already open is not sent
 * again: all who ask it wait for the same answer. However many connections there are, the main
 * thread answers one question of each kind at a time.
 */
export class Questions {
  readonly #ask: (id: number, question: Question) => void;
  readonly #pending = new Map<Question, Pending>();
  readonly #last: { -readonly [Q in Question]?: Answers[Q] | undefined } = {};
  #nextId = 0;

  /** @param ask sends a question */
  constructor(ask: (id: number, question: Question) => void) {
    this.#ask = ask;
  }

  /** Waits for a current answer, for at most `limitMs`. */
  async ask<Q extends Question>(question: Q, limitMs: number): Promise<Outcome<Q>> {
    const { outcome } = this.#pendingFor(question);
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<Outcome<Q>>((resolve) => {
      timer = setTimeout(() => {
        resolve({ kind: 'silent' });
      }, limitMs);
      // After the server has closed, nobody waits for it.
      timer.unref();
    });
    // Pending questions are kept by kind, so the answer is of that kind.
    const first = await Promise.race([outcome as Promise<Outcome<Q>>, silent]);
    clearTimeout(timer);
    return first;
  }

  /** The last answer; undefined before the first. */
  last<Q extends Question>(question: Q): Answers[Q] | undefined {
    return this.#last[question];
  }

  /** Takes an answer of the main thread, requested or not. */
  settle(message: Extract<ToServer, { kind: 'answer' | 'failed' }>): void {
    if (message.kind === 'answer') this.#keep(message.question, message.answer);
    for (const [question, { id, settle }] of this.#pending) {
      if (id !== message.id) continue;
      this.#pending.delete(question);
      settle(message);
    }
  }

  #keep(question: Question, answer: Answers[Question]): void {
    Object.assign(this.#last, { [question]: answer });
    // Stats include the health, which must not be older than what is known.
    if (question === 'stats') this.#last.health = this.#last.stats?.health;
  }

  #pendingFor(question: Question): Pending {
    const now = performance.now();
    const before = this.#pending.get(question);
    if (before !== undefined && now - before.askedAt < ASK_AGAIN_MS) return before;
    let settle: Pending['settle'] = () => undefined;
    const outcome = new Promise<Outcome<Question>>((resolve) => {
      settle = resolve;
    });
    const pending = { id: this.#nextId++, askedAt: now, outcome, settle };
    this.#pending.set(question, pending);
    this.#ask(pending.id, question);
    return pending;
  }
}
