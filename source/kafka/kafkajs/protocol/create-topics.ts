import type { NewTopic } from '../../client.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const CREATE_TOPICS = 19;

export interface CreatedTopic {
  readonly topic: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/**
 * CreateTopics v4: the first version in which -1 asks for the broker's own replication factor.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_CreateTopics
 */
export function createTopicsRequest(
  topics: readonly NewTopic[],
  timeoutMs: number,
): RawRequest<CreatedTopic[]> {
  const writer = new WireWriter()
    .array(topics, (list, topic) => {
      list
        .string(topic.topic)
        .int32(topic.partitionCount)
        .int16(topic.replicationFactor ?? -1)
        .int32(0)
        .array(Object.entries(topic.config ?? {}), (configs, [name, value]) => {
          configs.string(name).nullableString(value);
        });
    })
    .int32(timeoutMs)
    .boolean(false);
  return {
    apiKey: CREATE_TOPICS,
    apiName: 'CreateTopics',
    apiVersion: 4,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      return reader.array((list) => ({
        topic: list.string(),
        errorCode: list.int16(),
        errorMessage: list.nullableString(),
      }));
    },
  };
}
