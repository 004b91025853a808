import type { MultiStore } from '../stores/multi-store.ts';
import type { Store } from '../stores/store.ts';
import type { StoresOption } from './config/stores-option.ts';
import type { TopicProcessorOptions } from './config/options.ts';
import { checkArguments } from './kernel/check-arguments.ts';
import { isObject } from './kernel/is-object.ts';
import type { StoreMap } from './message-processor.ts';
import type { MessageProcessors } from './message-processors.ts';

/**
 * Stores of the kind that the command line's `--store` names (in memory, in Redis, in
 * Elasticsearch), with names of their own: two names never share a key.
 */
export interface JobStores {
  /**
   * The Store of this name. In Redis, keys under `{topicProcessorName}/{name}/`; in Elasticsearch,
   * the index `{topicProcessorName}-{name}`.
   */
  store(name: string): Store;
  /** The MultiStore of this name: the same, for each tenant. */
  multiStore(name: string): MultiStore;
}

/**
 * A job for `kasper run`: the options of a TopicProcessor, of which the command line may give some,
 * and the processor.
 */
export interface Job<Stores extends StoreMap = StoreMap> extends Omit<
  TopicProcessorOptions<Stores>,
  'client' | 'inputPartitions' | 'stores'
> {
  /** Default: the command line's `--brokers`. */
  readonly client?: TopicProcessorOptions['client'];
  /** Default: the command line's `--partitions`, else all partitions of the input topics. */
  readonly inputPartitions?: readonly number[];
  /** Stores that the job makes itself, or a function that makes them of what `--store` names. */
  readonly stores?: StoresOption<Stores> | ((stores: JobStores) => StoresOption<Stores>);
  readonly processor: MessageProcessors<Stores>;
}

/**
 * Gives a job module its types; returns the job as it is. What it holds is checked where it runs.
 *
 * @throws ConfigError for what is no object
 * @example
 * // kasper run counts.js --store redis --store-url redis://localhost:6379
 * export default defineJob({
 *   topicProcessorName: 'word-count',
 *   inputTopics: ['words'],
 *   stores: (stores) => ({ counts: stores.store('counts') }),
 *   processor: { async process(messages, sender, { stores }) { … stores.counts … } },
 * });
 */
export function defineJob<Stores extends StoreMap = StoreMap>(job: Job<Stores>): Job<Stores> {
  checkArguments('defineJob', [
    isObject(job),
    'the job must be an object { topicProcessorName, inputTopics, processor }',
    job,
  ]);
  return job;
}
