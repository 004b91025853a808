import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { eachOnce } from './by-partition.ts';
import { VersionedFields } from './versioned-fields.ts';

/** Stands for the high watermark: everything that is there now. */
const TO_THE_END = -1;

/** @see https://kafka.apache.org/protocol#The_Messages_DeleteRecords */
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  min: 0,
  max: 1,
  read: (reader) => ({
    topics: reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => ({ partition: reader.int32(), offset: reader.int64() })),
    })),
  }),
  async handle(request, context): Promise<Outcome> {
    const fields = new VersionedFields(context.out.fields.int32(0), false);
    await fields.byTopic(eachOnce(request.topics), (topic, wanted) => {
      const { code, startOffset } = deleteBefore(topic, wanted, context);
      fields.writer.int32(wanted.partition).int64(startOffset).int16(code);
    });
    return 'answer';
  },
});

function deleteBefore(
  topic: string,
  wanted: { readonly partition: number; readonly offset: number },
  context: RequestContext,
): { code: number; startOffset: number } {
  const found = context.cluster.topics.get(topic);
  const partition = found?.partitions[wanted.partition];
  const code =
    context.forcedError(topic, wanted.partition) ||
    (partition?.access(context.nodeId) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (code !== ErrorCodes.NONE || partition === undefined) return { code, startOffset: -1 };
  if (found?.config.isDeleted === false) return { code: ErrorCodes.POLICY_VIOLATION, startOffset: -1 };
  const offset = wanted.offset === TO_THE_END ? partition.log.endOffset : wanted.offset;
  if (offset < 0 || offset > partition.log.endOffset) {
    return { code: ErrorCodes.OFFSET_OUT_OF_RANGE, startOffset: -1 };
  }
  partition.deleteBefore(offset);
  return { code, startOffset: partition.log.startOffset };
}
