import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireWriter } from '../../kafka/wire/wire-writer.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { topicNameProblemText } from '../logs/new-topic.ts';
import type { Refusal } from '../settings/refusal.ts';
import { ConfigSources, type ConfigEntry } from '../settings/config-entry.ts';
import { SettingTypes } from '../settings/setting.ts';
import { ResourceTypes } from './alter-configs.ts';
import { pacedArray } from '../paced.ts';

const TYPE_UNKNOWN = 0;

interface Resource {
  readonly type: number;
  readonly name: string;
  /** null asks for all settings; so does an empty list. */
  readonly settings: readonly string[] | null;
}

interface Wanted {
  readonly synonyms: boolean;
  readonly docs: boolean;
}

/** @see https://kafka.apache.org/protocol#The_Messages_DescribeConfigs */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  min: 0,
  max: 3,
  maxItems: 10_000,
  read: (reader, version) => ({
    resources: reader.array((): Resource => ({
      type: reader.int8(),
      name: reader.string(),
      settings: reader.nullableArray(() => reader.string()),
    })),
    synonyms: version >= 1 && reader.boolean(),
    docs: version >= 3 && reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const writer = context.out.fields.int32(0);
    await pacedArray(writer, request.resources, (resource) => {
      const found = describe(resource, context);
      const entries = 'code' in found ? [] : found.entries;
      writer.int16('code' in found ? found.code : ErrorCodes.NONE);
      writer.nullableString('code' in found ? found.message : '');
      writer.int8(resource.type).string(resource.name);
      writer.array(entries, (_, entry) => {
        writeEntry(writer, entry, { ...request, version: context.version });
      });
    });
    return 'answer';
  },
});

function writeEntry(
  writer: WireWriter,
  { name, value, source, isReadOnly, setting, synonyms }: ConfigEntry,
  { version, ...wanted }: Wanted & { readonly version: number },
): void {
  writer.string(name).nullableString(value).boolean(isReadOnly);
  if (version >= 1) writer.int8(source);
  else writer.boolean(source === ConfigSources.DEFAULT);
  writer.boolean(setting === undefined);
  if (version >= 1) {
    writer.array(wanted.synonyms ? synonyms : [], (_, synonym) =>
      writer.string(synonym.name).nullableString(synonym.value).int8(synonym.source),
    );
  }
  if (version >= 3) {
    writer.int8(setting === undefined ? TYPE_UNKNOWN : SettingTypes[setting.type]);
    writer.nullableString(wanted.docs ? (setting?.doc ?? null) : null);
  }
}

function describe(
  { type, name, settings }: Resource,
  context: RequestContext,
): { readonly entries: readonly ConfigEntry[] } | Refusal {
  const forced = context.forcedError(name);
  if (forced !== ErrorCodes.NONE) return { code: forced, message: '' };
  const entries = entriesOf(type, name, context);
  if (!Array.isArray(entries)) return entries;
  if (settings === null || settings.length === 0) return { entries };
  return { entries: entries.filter((entry) => settings.includes(entry.name)) };
}

function entriesOf(type: number, name: string, context: RequestContext): ConfigEntry[] | Refusal {
  if (type === ResourceTypes.TOPIC) return topicEntries(name, context);
  if (type === ResourceTypes.BROKER) return brokerEntries(name, context);
  return {
    code: ErrorCodes.INVALID_REQUEST,
    message: `the embedded cluster has no resources of type ${type}`,
  };
}

function topicEntries(name: string, { cluster, nodeId }: RequestContext): ConfigEntry[] | Refusal {
  if (!isTopicName(name)) {
    return { code: ErrorCodes.INVALID_TOPIC_EXCEPTION, message: topicNameProblemText(name) };
  }
  const topic = cluster.topics.get(name);
  return topic?.config.entries(nodeId) ?? { code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, message: '' };
}

function brokerEntries(name: string, { cluster, nodeId }: RequestContext): ConfigEntry[] | Refusal {
  if (name === '') return cluster.brokerConfigs.entriesOfAll();
  const invalid = (message: string) => ({ code: ErrorCodes.INVALID_REQUEST, message });
  if (!/^-?\d+$/.test(name)) return invalid(`Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== nodeId) {
    return invalid(`Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`);
  }
  return cluster.brokerConfigs.entries(nodeId);
}
