import type { TopicProcessorOptions } from './config.ts';
import type { StoreMap } from './message-processor.ts';
import type { MessageProcessors } from './message-processors.ts';

/** A job for `kasper run`: the options of a TopicProcessor, of which the command line may give some, and the processor. */
export interface Job<Stores extends StoreMap = StoreMap> extends Omit<
  TopicProcessorOptions<Stores>,
  'client' | 'inputPartitions'
> {
  /** Default: the command line's `--brokers`. */
  readonly client?: TopicProcessorOptions['client'];
  /** Default: the command line's `--partitions`, else all partitions of the input topics. */
  readonly inputPartitions?: readonly number[];
  readonly processor: MessageProcessors<Stores>;
}

/**
 * Gives a job module its types; returns the job as it is.
 *
 * @example
 * export default defineJob({
 *   topicProcessorName: 'word-count',
 *   inputTopics: ['words'],
 *   stores: { counts: new MapStore() },
 *   processor: { async process(messages, sender, { stores }) { … stores.counts … } },
 * });
 */
export function defineJob<Stores extends StoreMap = StoreMap>(job: Job<Stores>): Job<Stores> {
  return job;
}
