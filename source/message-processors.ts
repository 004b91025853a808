import { ConfigError, KasperError } from './kernel/errors.ts';
import { checkArguments } from './kernel/check-arguments.ts';
import { isClass } from './kernel/is-class.ts';
import { isObject } from './kernel/is-object.ts';
import { show } from './kernel/shown-value.ts';
import { textOf } from './kernel/thrown-text.ts';
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
 * @throws ConfigError for what is no map, and later for a partition that it lacks
 * @example new TopicProcessor(options, fromMap(new Map([[0, first], [1, second]])))
 */
export function fromMap<Stores extends StoreMap = StoreMap>(
  map: ReadonlyMap<number, MessageProcessor<Stores>> | Readonly<Record<number, MessageProcessor<Stores>>>,
): (partition: number) => MessageProcessor<Stores> {
  checkArguments('fromMap', [
    isObject(map),
    'the map must be a Map or an object with a MessageProcessor for each partition',
    map,
  ]);
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
 * The one that is given, in the options or as an argument.
 *
 * @throws ConfigError for two that differ
 */
export function oneProcessor<Processor>(
  what: string,
  ofOptions: Processor | undefined,
  argument: Processor | undefined,
): Processor | undefined {
  if (ofOptions !== undefined && argument !== undefined && ofOptions !== argument)
    throw new ConfigError(
      [
        'two different processors were given, in the options and as the second argument: leave one of them out',
      ],
      { what },
    );
  return argument ?? ofOptions;
}

/**
 * The MessageProcessor of each partition. @throws ConfigError that lists the partitions without one
 */
export function processorFor(
  processors: MessageProcessors | undefined,
  partitions: readonly number[],
): ReadonlyMap<number, MessageProcessor> {
  const refused: Refused = { problems: [], causes: [] };
  const found = new Map<number, MessageProcessor>();
  for (const partition of partitions) {
    const processor = processorOf(processors, partition, refused);
    if (processor !== undefined) found.set(partition, processor);
    // The same again for each partition says nothing new.
    else if (refused.problems.length >= MOST_PROBLEMS) break;
  }
  const { problems, causes } = refused;
  if (problems.length > 0) throw new ConfigError(problems, { what: 'messageProcessor', cause: causes[0] });
  return found;
}

/** No more problems than this are reported together. */
const MOST_PROBLEMS = 10;

interface Refused {
  readonly problems: string[];
  /** What functions of the user threw. */
  readonly causes: unknown[];
}

const FORMS = 'give { process(messages, sender) { … } }, or (partition) => new MyProcessor(partition)';

function processorOf(
  processors: MessageProcessors | undefined,
  partition: number,
  { problems, causes }: Refused,
): MessageProcessor | undefined {
  if (typeof processors !== 'function') {
    if (isProcessor(processors)) return processors;
    problems.push(`the MessageProcessor has no process function, but is ${show(processors)}: ${FORMS}`);
    return undefined;
  }
  if (isClass(processors)) {
    problems.push(`the class ${processors.name} is not a MessageProcessor: ${FORMS}`);
    return undefined;
  }
  try {
    const made: unknown = processors(partition);
    if (isProcessor(made)) return made;
    problems.push(
      `the function gave ${show(made)} for partition ${partition}, which is not a MessageProcessor: ${FORMS}`,
    );
  } catch (error) {
    if (isConfigError(error)) problems.push(...error.problems);
    else {
      causes.push(error);
      problems.push(
        `the function that gives the MessageProcessor of a partition threw ${textOf(error)} for partition ${partition}: ${FORMS}`,
      );
    }
  }
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
