import type { AnyStore } from '../../stores/multi-store.ts';
import { isStore } from '../../stores/is-store.ts';
import type { Store } from '../../stores/store.ts';
import { BatchError } from '../batch-error.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { durationProblem } from '../kernel/duration.ts';
import { ConfigError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import { show } from '../kernel/shown-value.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { ConsumerMessage } from '../message.ts';
import type { MessageFailure, ProcessContext, ProcessFunction, StoreMap } from '../message-processor.ts';
import type { Sender } from '../sender.ts';
import { failuresOf, inOrderOf, placeOf } from './failed-messages.ts';
import type { Middleware } from './middleware.ts';
import { withInfo } from './middleware-info.ts';

const AFTER_TRANSACTION =
  "deduplicate: with delivery 'exactly-once' ids are put after the transaction of their batch. A process that dies between the two leaves them out, and then a repeat of these messages is processed";

/** Options of {@link deduplicate}. */
export interface DeduplicateOptions {
  /**
   * Where ids are kept: the name of a store of the option `stores`, or a Store, which then keeps
   * nothing out that former owners began to write.
   */
  readonly store: string | Store;
  /**
   * What makes a message the same as another one, such as `header('message_id')`; undefined: it is not
   * checked. What it throws is the failure of that message.
   */
  readonly id: (message: ConsumerMessage) => string | undefined;
  /** The key under which an id is put. Default: the id itself. */
  readonly key?: (id: string) => string;
  /** An id counts for this long after it was put, in milliseconds. Default: as long as the store has it. */
  readonly ttlMs?: number;
}

/**
 * Leaves out messages whose id is in a store, and puts the ids of those that were processed there:
 * before the commit, when their outputs are durable. So a crash repeats the outputs of batches that
 * were open, and loses none. With delivery 'exactly-once' they are put after the commit: a crash
 * between the two leaves them out.
 *
 * Of equal ids in a batch the first counts. If it fails, the others count as not run because of it.
 * Across partitions ids are equal only if the messages have one key, or their batches do not overlap
 * in time. What is left out is counted (`context.tally`) and logged, a line for each batch.
 *
 * @throws ConfigError for an unknown option, or a value that makes no sense
 * @example middleware: [deadLetter(), deduplicate({ store: 'seen', id: header('message_id') })]
 */
export function deduplicate(options: DeduplicateOptions): Middleware {
  const checked = check(options);
  const { store } = checked;
  return withInfo(
    {
      name: 'deduplicate',
      check: ({ stores }) => (typeof store === 'string' ? storeProblems(stores, store) : []),
      warnings: ({ delivery }) => (delivery === 'exactly-once' ? [AFTER_TRANSACTION] : []),
    },
    (next) => {
      const ids = new BatchIds(checked);
      return (messages, sender, context) => ids.process(next, messages, sender, context);
    },
  );
}

/** What is to be done with the messages of a batch. */
interface Plan {
  /** To be processed: those without an id, and the first of each id that is not known. */
  readonly fresh: ConsumerMessage[];
  /** By the key of its id. */
  readonly first: Map<string, ConsumerMessage>;
  /** Those that have the id of a first one, and its key. */
  readonly equal: (readonly [message: ConsumerMessage, key: string])[];
  /** Those of which no id could be made, and those that must not be processed before them. */
  readonly failures: MessageFailure[];
}

/** The ids of one batch, in all calls of the next function. */
class BatchIds {
  readonly #options: Checked;
  /** Keys of the ids of messages that were processed. */
  readonly #done = new Set<string>();
  #isRegistered = false;

  constructor(options: Checked) {
    this.#options = options;
  }

  async process(
    next: ProcessFunction,
    batch: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ): Promise<void> {
    const { fresh, first, equal, failures } = await this.#plan(batch, context);
    let thrown: unknown;
    let failed: readonly MessageFailure[] = [];
    try {
      if (fresh.length > 0) await next(fresh.length === batch.length ? batch : fresh, sender, context);
    } catch (error) {
      thrown = error;
      const found = failuresOf(error);
      if (found === undefined) throw error;
      failed = found;
    }
    const failureAt = new Map(failed.map((failure) => [placeOf(failure.message), failure]));
    const isDone = (message: ConsumerMessage) => failureAt.size === 0 || !failureAt.has(placeOf(message));
    for (const [key, message] of first) if (isDone(message)) this.#done.add(key);
    for (const [message, key] of equal) {
      const earlier = first.get(key);
      const failure = earlier === undefined ? undefined : failureAt.get(placeOf(earlier));
      if (failure !== undefined) failures.push(notRun(message, failure, 'with the same id'));
    }
    this.#register(context);
    this.#count(batch.length - fresh.length - failures.length, context);
    if (failures.length > 0) throw new BatchError(inOrderOf(batch, [...failed, ...failures]));
    if (failed.length > 0) throw thrown;
  }

  async #plan(batch: readonly ConsumerMessage[], context: ProcessContext): Promise<Plan> {
    const plan: Plan = { fresh: [], first: new Map(), equal: [], failures: [] };
    const keys = new Map<ConsumerMessage, string | undefined>();
    for (const message of batch) {
      const earlier = plan.failures.find((each) => isOfKey(message, each));
      if (earlier !== undefined) {
        plan.failures.push(notRun(message, earlier, 'with the same key'));
        continue;
      }
      try {
        keys.set(message, this.#keyOf(message));
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        plan.failures.push({ message, error });
      }
    }
    const known = await this.#known(keys.values(), context);
    for (const [message, key] of keys) {
      if (key === undefined) plan.fresh.push(message);
      else if (known.has(key)) continue;
      else if (plan.first.has(key)) plan.equal.push([message, key]);
      else {
        plan.first.set(key, message);
        plan.fresh.push(message);
      }
    }
    return plan;
  }

  #keyOf(message: ConsumerMessage): string | undefined {
    const { id, key } = this.#options;
    const text: unknown = id(message);
    if (text === undefined) return undefined;
    if (typeof text !== 'string') throw noText('id', text);
    const under: unknown = key(text);
    if (typeof under !== 'string') throw noText('key', under);
    return under;
  }

  /** Of these keys, those that count as seen. */
  async #known(
    keys: Iterable<string | undefined>,
    { stores, signal, clock }: ProcessContext,
  ): Promise<ReadonlySet<string>> {
    const { ttlMs } = this.#options;
    const asked = new Set([...keys].filter((key) => key !== undefined));
    const known = new Set([...asked].filter((key) => this.#done.has(key)));
    for (const key of known) asked.delete(key);
    if (asked.size === 0) return known;
    const now = clock.wallNow();
    for (const [key, value] of await this.#store(stores).getAll([...asked], { signal })) {
      const age = now - Number(value.toString('utf8'));
      // What is no time was put by somebody else, and counts all the same.
      if (!(age >= ttlMs)) known.add(key);
    }
    return known;
  }

  #register(context: ProcessContext): void {
    if (this.#done.size === 0 || this.#isRegistered) return;
    this.#isRegistered = true;
    context.beforeCommit(async () => {
      const now = Buffer.from(String(context.clock.wallNow()));
      await this.#store(context.stores).putAll([...this.#done].map((key) => [key, now] as const));
    });
  }

  #count(skipped: number, context: ProcessContext): void {
    if (skipped === 0) return;
    context.tally('skipped', skipped);
    context.logger.info('Repeats were left out', { partition: context.partition, messages: skipped });
  }

  #store(stores: StoreMap): Store {
    const { store } = this.#options;
    // That it is a Store, not a MultiStore, was checked with the options.
    return typeof store === 'string' ? (stores[store] as Store) : store;
  }
}

function isOfKey({ key }: ConsumerMessage, { message }: MessageFailure): boolean {
  return key !== null && message.key?.equals(key) === true;
}

function notRun(notTried: ConsumerMessage, { message, error }: MessageFailure, how: string): MessageFailure {
  const { topic, partition, offset } = notTried;
  const text = `${topic}/${partition} offset ${offset} was not run, since ${message.topic} offset ${message.offset} ${how} failed before it`;
  return { message: notTried, error: new Error(text, { cause: error }), notRun: true };
}

function noText(name: string, given: unknown): ConfigError {
  const problem = isRefusedPromise(given)
    ? `${name} gave a promise: it must return text, so it must not be async`
    : `${name} must return text, or undefined for no id, not ${show(given)}`;
  return new ConfigError([problem], { what: 'deduplicate' });
}

function storeProblems(stores: StoreMap, name: string): string[] {
  const store = stores[name];
  if (store === undefined) {
    const known = Object.keys(stores);
    return [
      `deduplicate: ${known.length === 0 ? `there is no store '${name}': the option stores is empty` : unknownName('store', name, known)}`,
    ];
  }
  return isSingle(store) ? [] : [`deduplicate: store '${name}' is a MultiStore: ids need a Store`];
}

function isSingle(store: AnyStore): store is Store {
  return 'getAll' in store;
}

type Checked = Required<DeduplicateOptions>;

function check(options: DeduplicateOptions): Checked {
  checkOptionNames('deduplicate', options, ['store', 'id', 'key', 'ttlMs']);
  const { store, id, key = (text) => text, ttlMs = Infinity } = options;
  const problems: string[] = [];
  if (typeof store !== 'string' && !(isStore(store) && isSingle(store)))
    problems.push(`store must be a Store, or the name of one in the option stores, not ${show(store)}`);
  for (const [name, value] of Object.entries({ id, key }))
    if (typeof value !== 'function') problems.push(`${name} must be a function, not ${show(value)}`);
  const problem = ttlMs === Infinity ? undefined : durationProblem(ttlMs);
  if (problem !== undefined) problems.push(`ttlMs ${problem}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'deduplicate' });
  return { store, id, key, ttlMs };
}
