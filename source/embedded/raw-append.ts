import { BATCH_HEADER_BYTES, baseOffsetOf, batchBytes } from '../kafka/records/batch-header.ts';
import { show } from '../kernel/shown-value.ts';
import { clusterError } from './cluster-error.ts';
import type { Partition } from './logs/partition.ts';

/**
 * Appends a record batch of which only the length and the offset are checked.
 *
 * @param options `keepOffset`: the base offset and leader epoch of the header stay; else the batch
 *   gets the next offset
 * @returns the base offset it has
 * @throws ConfigError if it is no batch, or its offset lies before the end of the log
 */
export function appendRaw(
  partition: Partition,
  batch: Buffer,
  options: { readonly keepOffset?: boolean },
): number {
  if (!(batch instanceof Uint8Array))
    throw clusterError([`a record batch must be a Buffer, not ${show(batch)}`]);
  if (batch.length < BATCH_HEADER_BYTES || batchBytes(batch, 0) !== batch.length) {
    throw clusterError([`${batch.length} bytes are not one whole record batch by its length field`]);
  }
  if (options.keepOffset !== true) return partition.append(batch);
  const { topic, index, log } = partition;
  if (baseOffsetOf(batch, 0) < log.endOffset) {
    throw clusterError([
      `base offset ${baseOffsetOf(batch, 0)} lies before the end ${log.endOffset} of ${topic}/${index}`,
    ]);
  }
  return partition.appendAsIs(batch);
}
