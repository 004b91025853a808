import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import type { RequestContext } from '../api.ts';
import { topicNameProblemText } from '../logs/new-topic.ts';
import { brokerConfigProblem, topicConfigProblem } from '../settings/check-config.ts';
import type { Refusal } from '../settings/refusal.ts';
import { pacedArray } from '../paced.ts';

/** Kinds of resources that have a configuration, by their numbers in the protocol. */
export const ResourceTypes = { TOPIC: 2, BROKER: 4 } as const;

/** What a request wants of one setting. */
export interface ConfigChange {
  readonly name: string;
  readonly value: string | null;
  /** The value may be missing: nothing is set. */
  readonly isRemoval: boolean;
}

/** What a request wants of one topic or broker. */
export interface ResourceChange<C extends ConfigChange = ConfigChange> {
  readonly type: number;
  readonly name: string;
  readonly changes: readonly C[];
}

type Values = ReadonlyMap<string, string>;

/** Makes the values that a resource has afterwards of those that it has. */
type Apply<C extends ConfigChange> = (
  changes: readonly C[],
  before: Values,
  byDefault: (name: string) => string,
) => Map<string, string> | Refusal;

interface Alteration<C extends ConfigChange> {
  readonly resources: readonly ResourceChange<C>[];
  readonly validateOnly: boolean;
  readonly apply: Apply<C>;
}

/** Serves AlterConfigs and IncrementalAlterConfigs, which differ in what they make of the values. */
export async function alterConfigs<C extends ConfigChange>(
  { resources, validateOnly, apply }: Alteration<C>,
  context: RequestContext,
): Promise<void> {
  const seen = new Map<string, number>();
  for (const { type, name } of resources) seen.set(`${type} ${name}`, (seen.get(`${type} ${name}`) ?? 0) + 1);
  const writer = context.out.fields.int32(0);
  await pacedArray(writer, resources, (resource) => {
    const isRepeated = (seen.get(`${resource.type} ${resource.name}`) ?? 0) > 1;
    const problem = isRepeated
      ? invalid('Each resource must appear at most once.')
      : alter(resource, { validateOnly, apply }, context);
    writer.int16(problem?.code ?? ErrorCodes.NONE).nullableString(problem?.message ?? null);
    writer.int8(resource.type).string(resource.name);
  });
}

function alter<C extends ConfigChange>(
  resource: ResourceChange<C>,
  how: Omit<Alteration<C>, 'resources'>,
  context: RequestContext,
): Refusal | undefined {
  const { type, name, changes } = resource;
  const forced = context.forcedError(name);
  if (forced !== ErrorCodes.NONE) return { code: forced, message: 'Asked for by a fault hook' };
  if (new Set(changes.map((change) => change.name)).size < changes.length) {
    return invalid('Error due to duplicate config keys');
  }
  const empty = changes.filter(({ value, isRemoval }) => value === null && !isRemoval);
  if (empty.length > 0) {
    return invalid(`Null value not supported for : ${empty.map((change) => change.name).join(',')}`);
  }
  if (type === ResourceTypes.TOPIC) return alterTopic(resource, how, context);
  if (type === ResourceTypes.BROKER) return alterBroker(resource, how, context);
  return invalid(`Unknown resource type ${type}`);
}

function alterTopic<C extends ConfigChange>(
  { name, changes }: ResourceChange<C>,
  { validateOnly, apply }: Omit<Alteration<C>, 'resources'>,
  { cluster }: RequestContext,
): Refusal | undefined {
  if (name === '') return invalid('Default topic resources are not allowed.');
  if (!isTopicName(name)) {
    return { code: ErrorCodes.INVALID_TOPIC_EXCEPTION, message: topicNameProblemText(name) };
  }
  const topic = cluster.topics.get(name);
  if (topic === undefined) {
    return {
      code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      message: `The topic '${name}' does not exist.`,
    };
  }
  const { config } = topic;
  const after = apply(changes, config.given, (setting) => config.text(setting));
  if (!(after instanceof Map)) return after;
  const problem = topicConfigProblem(after);
  if (problem === undefined && !validateOnly) config.replace(after);
  return problem;
}

function alterBroker<C extends ConfigChange>(
  { name, changes }: ResourceChange<C>,
  { validateOnly, apply }: Omit<Alteration<C>, 'resources'>,
  { cluster, nodeId }: RequestContext,
): Refusal | undefined {
  const isOfAll = name === '';
  if (!isOfAll && !/^-?\d+$/.test(name)) return invalid(`Node id must be an integer, but it is: ${name}`);
  if (!isOfAll && Number(name) !== nodeId) {
    return invalid(`Unexpected broker id, expected ${nodeId}, but received ${name}`);
  }
  const { brokerConfigs } = cluster;
  const changedNode = isOfAll ? undefined : nodeId;
  const before = brokerConfigs.changed(changedNode);
  const after = apply(
    changes,
    before,
    (setting) => brokerConfigs.synonyms([setting], nodeId)[0]?.value ?? '',
  );
  if (!(after instanceof Map)) return after;
  const problem = brokerConfigProblem(after, before, { isOfAll });
  if (problem === undefined && !validateOnly) brokerConfigs.replace(changedNode, after);
  return problem;
}

function invalid(message: string): Refusal {
  return { code: ErrorCodes.INVALID_REQUEST, message };
}
