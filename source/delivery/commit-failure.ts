import type { CommitResult } from '../kafka/group-offsets.ts';
import type { PartitionOffset } from '../kafka/log-position.ts';
import { CommitError } from '../kernel/errors.ts';
import { someOf } from '../kernel/some-of.ts';

/**
 * The error of offsets that cannot be committed.
 *
 * @param failed given up
 * @param stored those of the same request that were committed
 */
export function commitFailure(
  failed: readonly CommitResult[],
  stored: readonly CommitResult[],
  commitTimeoutMs: number,
): CommitError {
  const cause =
    failed.find(({ error }) => error !== undefined && !error.retriable)?.error ?? failed[0]?.error;
  const name = ({ topic, partition, offset }: CommitResult) => `${topic}/${partition} at ${offset}`;
  return new CommitError(
    `Offsets could not be committed for ${someOf(failed.map(name)).join(', ')}` +
      (cause?.retriable === true ? ` within commitTimeoutMs (${commitTimeoutMs} ms)` : '') +
      `: ${cause?.message ?? 'no answer'}. ` +
      (stored.length === 0
        ? 'Nothing of that request was stored'
        : `Stored of that request: ${someOf(stored.map(name)).join(', ')}`) +
      '. Records after the committed offsets will be processed again.',
    { cause, failed: failed.map(plain), stored: stored.map(plain) },
  );
}

function plain({ topic, partition, offset }: CommitResult): PartitionOffset {
  return { topic, partition, offset };
}
