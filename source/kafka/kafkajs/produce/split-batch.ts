import type { Compression } from '../../sink.ts';
import { decodeRecordSet } from '../../records/decode-record-set.ts';
import { ConsumedRecord } from '../../records/consumed-record.ts';
import { measureEncoded } from '../../records/encode-record.ts';
import { RecordBatchBuilder, stampBatch } from '../../records/record-batch-builder.ts';
import type { SealedBatch } from '../../records/record-batch-builder.ts';
import type { OutgoingBatch } from './flush-ticket.ts';

/**
 * Makes two batches of one that is too large, in the same order. The batch must hold two records or
 * more.
 */
export function splitBatch(batch: OutgoingBatch, compression: Compression): SealedBatch[] {
  const { topic, partition, sealed } = batch;
  // One that was never sent has no checksum yet.
  stampBatch(sealed, undefined);
  const { messages } = decodeRecordSet(sealed.bytes, {
    topic,
    partition,
    fromOffset: 0,
    aborted: undefined,
    maxInflatedBytes: sealed.uncompressedBytes,
    inflateBudget: sealed.uncompressedBytes,
  });
  const middle = Math.ceil(messages.length / 2);
  const record = { buffer: sealed.bytes, start: 0, end: 0, timestamp: 0, bytes: 0 };
  return [messages.slice(0, middle), messages.slice(middle)].map((half) => {
    const builder = new RecordBatchBuilder({ compression });
    for (const message of half) {
      ConsumedRecord.locate(message, record);
      record.timestamp = message.timestamp;
      measureEncoded(record);
      builder.appendEncoded(record);
    }
    return builder.seal();
  });
}
