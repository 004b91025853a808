import type { KafkaClient } from '../kafka/client.ts';
import { checkArguments, type CheckedArgument } from '../kernel/check-arguments.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { checkTopicNames } from '../kernel/topic-name.ts';

/**
 * Checks what a function for operators is given, which may come from JavaScript, before Kafka is
 * asked anything.
 *
 * @param what the function, for messages
 * @throws ConfigError that lists what does not fit
 */
export function checkGroup(what: string, client: unknown, groupId: unknown, options: unknown): void {
  checkArguments(what, clientArgument(client, ['group', 'admin', 'listOffsets']), groupIdArgument(groupId), [
    isObject(options),
    'options must be an object',
    options,
  ]);
  const { topics, partitions, isolation, claims, signal } = options as Record<string, unknown>;
  checkArguments(
    what,
    partitionsArgument(partitions),
    [
      isolation === undefined || isolation === 'read_committed' || isolation === 'read_uncommitted',
      "isolation must be 'read_committed' or 'read_uncommitted'",
      isolation,
    ],
    [claims === undefined || typeof claims === 'boolean', 'claims must be true or false', claims],
    [signal === undefined || signal instanceof AbortSignal, 'signal must be an AbortSignal', signal],
  );
  if (topics !== undefined) checkTopicNames(what, topics);
}

/** Whether it is a KafkaClient, by the methods that are used, as an argument to check. */
export function clientArgument(client: unknown, methods: readonly (keyof KafkaClient)[]): CheckedArgument {
  const isClient = isObject(client) && hasMethods(client, methods);
  return [isClient, 'the client must be a KafkaClient, as openClient returns', client];
}

/** Whether it can be the id of a group, as an argument to check. */
export function groupIdArgument(groupId: unknown): CheckedArgument {
  const isId = typeof groupId === 'string' && groupId !== '';
  return [isId, 'groupId must be the id of a group, such as groupIdOf(topicProcessorName)', groupId];
}

/** Partition numbers, or undefined for all, as an argument to check. */
export function partitionsArgument(partitions: unknown): CheckedArgument {
  return [
    partitions === undefined || (Array.isArray(partitions) && partitions.every(isPartition)),
    'partitions must be a list of partition numbers (0, 1, 2, …)',
    partitions,
  ];
}

function isPartition(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
