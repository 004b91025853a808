import type { FaultHandle } from '../../embedded/index.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { unknownName } from '../../kernel/unknown-name.ts';
import { kafkaApis, type KafkaApiName } from './kafka-apis.ts';
import { isDuration } from './link.ts';

/** Which requests a {@link KafkaRule} meets. */
export interface KafkaRuleTarget {
  readonly api: KafkaApiName;
  /** How many requests it meets before it is over. Default 1; `Infinity`: until it is cancelled. */
  readonly times?: number;
}

/** What happens to a request of Kafka's protocol. */
export type KafkaAction =
  /** It reaches the server this many milliseconds later, and what its connection sends after it, too. */
  | { readonly action: 'delay'; readonly delayMs: number }
  /** It is served, and its answer is never delivered. The connection stays open. */
  | { readonly action: 'drop-answer' }
  /**
   * Its connection is reset, `'before'` the request has reached the server, or `'after'` it was
   * served, in place of its answer.
   */
  | { readonly action: 'reset'; readonly when: 'before' | 'after' };

/** What happens to the next requests of an API. */
export type KafkaRule = KafkaRuleTarget & KafkaAction;

/** A rule that was set up, by one proxy or by several that share it. */
export class ActiveRule implements FaultHandle {
  readonly key: number;
  readonly what: KafkaAction;
  readonly done: Promise<void>;
  #left: number;
  #hits = 0;
  #finish: () => void = () => undefined;

  /** @throws ConfigError */
  constructor(rule: KafkaRule) {
    checkRule(rule);
    this.key = kafkaApis[rule.api];
    this.what = rule;
    this.#left = rule.times ?? 1;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get hits(): number {
    return this.#hits;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  hit(): void {
    this.#hits++;
    if (--this.#left === 0) this.#finish();
  }

  cancel(): void {
    this.#left = 0;
  }
}

/** The rules of a proxy. */
export class KafkaRules {
  readonly #rules = new Set<ActiveRule>();

  add(rule: ActiveRule): void {
    this.#rules.add(rule);
  }

  clear(): void {
    this.#rules.clear();
  }

  /** Whether a request could meet one now. */
  get isEmpty(): boolean {
    for (const rule of this.#rules) if (rule.isOver) this.#rules.delete(rule);
    return this.#rules.size === 0;
  }

  /** What happens to a request of this API, which counts as a hit of the oldest rule that fits. */
  meet(key: number): KafkaAction | undefined {
    if (this.isEmpty) return undefined;
    for (const rule of this.#rules) {
      if (rule.key !== key) continue;
      rule.hit();
      return rule.what;
    }
    return undefined;
  }
}

const moments: readonly unknown[] = ['before', 'after'];
const actions: readonly unknown[] = ['delay', 'drop-answer', 'reset'] satisfies KafkaAction['action'][];

/** @throws ConfigError */
function checkRule(rule: unknown): void {
  const what = 'rule';
  checkOptionNames(what, rule, ['api', 'times', 'action', 'delayMs', 'when']);
  const { api, times = 1, action, delayMs, when } = rule as Record<string, unknown>;
  const names = Object.keys(kafkaApis);
  if (typeof api === 'string' && !names.includes(api))
    throw new ConfigError([unknownName('API', api, names)], { what });
  checkArguments(
    what,
    [typeof api === 'string', "api must be the name of a request, such as 'Produce'", api],
    [
      times === Infinity || (Number.isInteger(times) && (times as number) >= 1),
      'times must be a whole number from 1, or Infinity',
      times,
    ],
    [actions.includes(action), `action must be one of ${actions.join(', ')}`, action],
    [action !== 'delay' || isDuration(delayMs), 'delayMs must be a number of milliseconds from 0', delayMs],
    [action !== 'reset' || moments.includes(when), `when must be one of ${moments.join(', ')}`, when],
    [
      action === 'delay' || delayMs === undefined,
      "delayMs belongs to the action 'delay'; leave it out",
      delayMs,
    ],
    [action === 'reset' || when === undefined, "when belongs to the action 'reset'; leave it out", when],
  );
}
