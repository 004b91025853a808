import type { TopicSetting } from '../../admin.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const DESCRIBE_CONFIGS = 32;
const TOPIC_RESOURCE = 2;
const SET_ON_TOPIC = 1;
const KAFKA_DEFAULT = 5;

export interface DescribedTopic {
  readonly topic: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly settings: readonly TopicSetting[];
}

/**
 * DescribeConfigs v2, for settings of topics.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_DescribeConfigs
 */
export function describeConfigsRequest(
  topics: readonly string[],
  names: readonly string[],
): RawRequest<DescribedTopic[]> {
  const writer = new WireWriter()
    .array(topics, (resources, topic) => {
      resources
        .int8(TOPIC_RESOURCE)
        .string(topic)
        .array(names, (list, name) => list.string(name));
    })
    .boolean(false);
  return {
    apiKey: DESCRIBE_CONFIGS,
    apiName: 'DescribeConfigs',
    apiVersion: 2,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      return reader.array((resources) => {
        const errorCode = resources.int16();
        const errorMessage = resources.nullableString();
        resources.int8();
        const topic = resources.string();
        const settings = resources.array((list): TopicSetting => {
          const name = list.string();
          const value = list.nullableString() ?? undefined;
          list.boolean();
          const source = sourceOf(list.int8());
          list.boolean();
          list.array((synonyms) => {
            synonyms.string();
            synonyms.nullableString();
            synonyms.int8();
          });
          return { name, value, source };
        });
        return { topic, errorCode, errorMessage, settings };
      });
    },
  };
}

/** Between the two are the configurations of brokers: dynamic, for one or for all, and static. */
function sourceOf(code: number): TopicSetting['source'] {
  if (code === SET_ON_TOPIC) return 'topic';
  return code === KAFKA_DEFAULT ? 'default' : 'broker';
}
