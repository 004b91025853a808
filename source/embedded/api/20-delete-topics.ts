import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import { pacedArray } from '../paced.ts';
import { duplicateTopic, repeatedTopics } from './repeated-topics.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_DeleteTopics */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  min: 0,
  max: 3,
  read: (reader) => ({ topics: reader.array(() => ({ topic: reader.string(), partitions: [] })) }),
  async handle(request, context): Promise<Outcome> {
    const { cluster, out, version } = context;
    if (version >= 1) out.fields.int32(0);
    const writer = out.fields;
    const { once, repeated } = repeatedTopics(request.topics);
    await pacedArray(writer, once, ({ topic }) => {
      const found = cluster.topics.get(topic);
      const code =
        context.forcedError(topic) ||
        (repeated.has(topic) ? duplicateTopic.code : ErrorCodes.NONE) ||
        (found === undefined ? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION : ErrorCodes.NONE);
      if (code === ErrorCodes.NONE && found !== undefined) {
        cluster.deleteTopic(found);
        context.logger.info('A client deleted a topic', { topic });
      } else context.refused(code, { topic });
      writer.string(topic).int16(code);
    });
    return 'answer';
  },
});
