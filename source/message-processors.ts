import { ConfigError, KasperError } from './kernel/errors.ts';
import type { MessageProcessor, StoreMap } from './message-processor.ts';

/**
 * One MessageProcessor for all partitions, or a function that gives the one of a partition; called
 * once for each.
 */
export type MessageProcessors<Stores extends StoreMap = StoreMap> =
  MessageProcessor<Stores> | ((partition: number) => MessageProcessor<Stores>);

/**
 * Kasper's form: a MessageProcessor for each partition, from a Map or an object.
 *
 * @example new TopicProcessor(options, fromMap(new Map([[0, first], [1, second]])))
 */
export function fromMap<Stores extends StoreMap = StoreMap>(
  map: ReadonlyMap<number, MessageProcessor<Stores>> | Readonly<Record<number, MessageProcessor<Stores>>>,
): (partition: number) => MessageProcessor<Stores> {
  return (partition) => {
    const found =
      map instanceof Map
        ? (map as ReadonlyMap<number, MessageProcessor<Stores>>).get(partition)
        : (map as Readonly<Record<number, MessageProcessor<Stores>>>)[partition];
    if (found === undefined) {
      throw new ConfigError(
        [
          `no MessageProcessor for partition ${partition}: add one to the map, or take it from inputPartitions`,
        ],
        {
          what: 'fromMap',
        },
      );
    }
    return found;
  };
}

/**
 * The MessageProcessor of each partition. @throws ConfigError that lists the partitions without one
 */
export function processorFor(
  processors: MessageProcessors,
  partitions: readonly number[],
): ReadonlyMap<number, MessageProcessor> {
  const problems: string[] = [];
  const found = new Map<number, MessageProcessor>();
  for (const partition of partitions) {
    const processor = processorOf(processors, partition, problems);
    if (processor !== undefined) found.set(partition, processor);
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'messageProcessor' });
  return found;
}

function processorOf(
  processors: MessageProcessors,
  partition: number,
  problems: string[],
): MessageProcessor | undefined {
  let processor: unknown;
  try {
    processor = typeof processors === 'function' ? processors(partition) : processors;
  } catch (error) {
    if (!isConfigError(error)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
  if (isProcessor(processor)) return processor;
  problems.push(
    `the MessageProcessor of partition ${partition} has no process(messages, sender, context) function`,
  );
  return undefined;
}

function isConfigError(error: unknown): error is ConfigError {
  return KasperError.is(error) && error.code === 'CONFIG';
}

function isProcessor(value: unknown): value is MessageProcessor {
  return (
    typeof value === 'object' && value !== null && 'process' in value && typeof value.process === 'function'
  );
}
