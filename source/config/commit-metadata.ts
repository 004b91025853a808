import type { StartPosition } from '../kafka/log-position.ts';
import { CommitError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import { textOf } from '../kernel/thrown-text.ts';

/**
 * Text that is stored beside each committed offset, or a function that returns it for a position.
 */
export type CommitMetadata = string | ((position: StartPosition) => string);

/** What a broker accepts by default (offset.metadata.max.bytes). */
export const MAX_METADATA_BYTES = 4096;

/** What is wrong with a metadata string; undefined if nothing is. */
export function metadataProblem(value: unknown): string | undefined {
  if (isRefusedPromise(value)) return 'must be a string, not a promise: the function must not be async';
  if (typeof value !== 'string') return `must be a string, not ${typeof value}`;
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_METADATA_BYTES) return undefined;
  return `may have at most ${MAX_METADATA_BYTES} bytes as UTF-8 (offset.metadata.max.bytes of the broker), not ${bytes}`;
}

/**
 * The string to store beside an offset.
 *
 * @throws CommitError if the function throws, or returns what cannot be stored
 */
export function metadataFor(metadata: CommitMetadata, position: StartPosition): string {
  if (typeof metadata === 'string') return metadata;
  const { topic, partition, offset, leaderEpoch } = position;
  let value: unknown;
  try {
    value = metadata({ topic, partition, offset, leaderEpoch });
  } catch (cause) {
    throw new CommitError(`commitMetadata failed for ${topic}/${partition} at ${offset}: ${textOf(cause)}`, {
      cause,
    });
  }
  const problem = metadataProblem(value);
  if (problem === undefined) return value as string;
  throw new CommitError(`commitMetadata for ${topic}/${partition} at ${offset} ${problem}`);
}
