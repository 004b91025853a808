import type { TopicProcessorOptions } from './config/options.ts';
import { checkArguments } from './kernel/check-arguments.ts';
import { isObject } from './kernel/is-object.ts';
import type { StoreMap } from './message-processor.ts';
import { oneProcessor, type MessageProcessors } from './message-processors.ts';

export type { JobStores, StoresFunction } from './config/job-stores.ts';

/** The options of a job: those of a TopicProcessor, of which whoever runs it may give some. */
export interface JobOptions<Stores extends StoreMap = StoreMap> extends Omit<
  TopicProcessorOptions<Stores>,
  'client' | 'inputPartitions' | 'jobStores'
> {
  /** Default: the command line's `--brokers`. */
  readonly client?: TopicProcessorOptions['client'];
  /** Default: the command line's `--partitions`, else all partitions of the input topics. */
  readonly inputPartitions?: readonly number[];
}

/**
 * A job, for `kasper run`, for a TopicProcessor (`new TopicProcessor({ ...job, client,
 * inputPartitions })`), and for tests: options and the processor.
 */
export interface Job<Stores extends StoreMap = StoreMap> extends JobOptions<Stores> {
  readonly processor: MessageProcessors<Stores>;
}

/**
 * Makes a job of its options and its processor, and gives both their types. What they hold is
 * checked where the job runs.
 *
 * @param options may hold the processor, too: then it is left out as argument
 * @throws ConfigError for what is no object, and for two processors
 * @example
 * // kasper run counts.js --store redis --store-url redis://localhost:6379
 * export default defineJob(
 *   {
 *     topicProcessorName: 'word-count',
 *     inputTopics: ['words'],
 *     stores: (stores) => ({ counts: stores.store('counts') }),
 *   },
 *   { async process(messages, sender, { stores }) { … stores.counts … } },
 * );
 */
export function defineJob<Stores extends StoreMap = StoreMap>(
  options: JobOptions<Stores>,
  processor: MessageProcessors<NoInfer<Stores>>,
): Job<Stores>;
export function defineJob<Stores extends StoreMap = StoreMap>(job: Job<Stores>): Job<Stores>;
export function defineJob<Stores extends StoreMap = StoreMap>(
  options: JobOptions<Stores>,
  processor?: MessageProcessors<Stores>,
): Job<Stores> {
  checkArguments('defineJob', [
    isObject(options),
    'the job must be an object { topicProcessorName, inputTopics, processor }',
    options,
  ]);
  const one = oneProcessor('defineJob', options.processor, processor);
  // Without one it is an error where the job runs, with the name of its file.
  return processor === undefined ? (options as Job<Stores>) : ({ ...options, processor: one } as Job<Stores>);
}
