import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { pacedArray } from './paced.ts';
import { TopicConfig } from '../logs/topic-config.ts';
import type { ConfigEntry } from '../logs/topic-config.ts';

const TOPIC = 2;
const BROKER = 4;
const SOURCE_TOPIC = 1;
const SOURCE_DEFAULT = 5;

interface Resource {
  readonly type: number;
  readonly name: string;
  /** null asks for all settings. */
  readonly settings: readonly string[] | null;
}

/** @see https://kafka.apache.org/protocol#The_Messages_DescribeConfigs */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  min: 0,
  max: 2,
  maxItems: 10_000,
  read: (reader) => ({
    resources: reader.array((): Resource => ({
      type: reader.int8(),
      name: reader.string(),
      settings: reader.nullableArray(() => reader.string()),
    })),
  }),
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    const writer = out.fields.int32(0);
    await pacedArray(writer, request.resources, (resource) => {
      const { code, entries } = describe(resource, context);
      writer.int16(code).nullableString(null).int8(resource.type).string(resource.name);
      writer.array(entries, (_, { name, value, isDefault }) => {
        writer.string(name).nullableString(value).boolean(false);
        if (version >= 1) writer.int8(isDefault ? SOURCE_DEFAULT : SOURCE_TOPIC);
        else writer.boolean(isDefault);
        writer.boolean(false);
        if (version >= 1) writer.int32(0);
      });
    });
    return 'answer';
  },
});

function describe(
  resource: Resource,
  context: RequestContext,
): { code: number; entries: readonly ConfigEntry[] } {
  const { type, name, settings } = resource;
  const forced = context.forcedError(name);
  if (forced !== ErrorCodes.NONE) return { code: forced, entries: [] };
  // A broker has no settings here: the defaults of all topics are shown as its configuration.
  const config = type === BROKER ? new TopicConfig({}) : context.cluster.topics.get(name)?.config;
  if (type !== BROKER && type !== TOPIC) return { code: ErrorCodes.INVALID_REQUEST, entries: [] };
  if (config === undefined) return { code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, entries: [] };
  const entries = config.entries().filter((entry) => settings?.includes(entry.name) ?? true);
  return { code: ErrorCodes.NONE, entries };
}
