import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  CODEC_MASK,
  CONTROL,
  TRANSACTIONAL,
  attributesOf,
  producerEpochOf,
  producerIdOf,
  writeChecksum,
} from '../../kafka/records/batch-header.ts';
import { measureRecord } from '../../kafka/records/encode-record.ts';
import { RecordBatchBuilder, stampBatch } from '../../kafka/records/record-batch-builder.ts';
import { varintEnd } from '../../kafka/records/varint.ts';

const VERSION = 0;
const ABORT = 0;
const COMMIT = 1;
const NO_SEQUENCE = -1;
const KEY_BYTES = 4;
const VALUE_BYTES = 6;

/** How a transaction ends in one partition. */
export interface TransactionMarker {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly committed: boolean;
  /** Of the coordinator that asks for it: a marker of an older one is refused. */
  readonly coordinatorEpoch: number;
}

/**
 * The control batch that ends a transaction in one partition.
 *
 * @param timestamp milliseconds since 1970
 * @see https://kafka.apache.org/documentation/#controlbatch
 */
export function markerBatch(marker: TransactionMarker, timestamp: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeInt16BE(VERSION, 0);
  key.writeInt16BE(marker.committed ? COMMIT : ABORT, 2);
  const value = Buffer.alloc(VALUE_BYTES);
  value.writeInt16BE(VERSION, 0);
  value.writeInt32BE(marker.coordinatorEpoch, 2);
  const builder = new RecordBatchBuilder({ compression: 'none' });
  builder.append(measureRecord({ key, value, headers: [], timestamp }));
  const sealed = builder.seal();
  const { producerId, epoch } = marker;
  stampBatch(sealed, { producerId, epoch, baseSequence: NO_SEQUENCE, transactional: true });
  const { bytes } = sealed;
  bytes.writeInt16BE(attributesOf(bytes, 0) | CONTROL, ATTRIBUTES_AT);
  writeChecksum(bytes);
  return bytes;
}

/** What a control batch says of a transaction; undefined for any other batch. */
export function markerOf(batch: Buffer): TransactionMarker | undefined {
  const attributes = attributesOf(batch, 0);
  if ((attributes & (TRANSACTIONAL | CONTROL)) !== (TRANSACTIONAL | CONTROL)) return undefined;
  if ((attributes & CODEC_MASK) !== 0) return undefined;
  // Length of the record, its attributes, timestamp and offset, and length of the key.
  let at = varintEnd(batch, BATCH_HEADER_BYTES) + 1;
  for (let field = 0; field < 3; field++) at = varintEnd(batch, at);
  if (at + KEY_BYTES > batch.length) return undefined;
  const value = varintEnd(batch, at + KEY_BYTES);
  return {
    producerId: producerIdOf(batch, 0),
    epoch: producerEpochOf(batch, 0),
    committed: batch.readInt16BE(at + 2) !== ABORT,
    coordinatorEpoch: value + VALUE_BYTES <= batch.length ? batch.readInt32BE(value + 2) : -1,
  };
}

/** Whether a batch aborts the transaction of its producer. Any other control batch commits it. */
export function isAbort(batch: Buffer): boolean {
  return markerOf(batch)?.committed === false;
}
