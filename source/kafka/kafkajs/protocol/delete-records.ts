import { byTopic } from '../../wire/by-topic.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { PartitionOffset } from '../../log-position.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const DELETE_RECORDS = 21;
export const DELETE_RECORDS_VERSION = 1;

/** The first offset that is left. */
export interface DeletedRecords extends PartitionOffset {
  readonly errorCode: number;
}

/**
 * DeleteRecords v1: moves the start of logs forward.
 *
 * @param before for each partition the first offset that is kept; -1: the high watermark
 * @see https://kafka.apache.org/protocol#The_Messages_DeleteRecords
 */
export function deleteRecordsRequest(
  before: readonly PartitionOffset[],
  timeoutMs: number,
): RawRequest<DeletedRecords[]> {
  const writer = new WireWriter()
    .array(byTopic(before), (topics, { topic, entries }) => {
      topics.string(topic).array(entries, (list, { partition, offset }) => {
        list.int32(partition).int64(offset);
      });
    })
    .int32(timeoutMs);
  return {
    apiKey: DELETE_RECORDS,
    apiName: 'DeleteRecords',
    apiVersion: DELETE_RECORDS_VERSION,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const deleted: DeletedRecords[] = [];
      reader.int32();
      reader.array((topics) => {
        const topic = topics.string();
        topics.array((entries) => {
          const partition = entries.int32();
          const offset = entries.int64();
          deleted.push({ topic, partition, offset, errorCode: entries.int16() });
        });
      });
      return deleted;
    },
  };
}
