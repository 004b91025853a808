import { ConfigError } from '../../kernel/errors.ts';
import { splitPartitions } from './worker-split.ts';

/**
 * One of `count` processes that share all partitions; `index` counts from 0, as the ordinals of a
 * StatefulSet do.
 */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `0/3`, the first of three, up to `2/3`, the last.
 *
 * @throws ConfigError
 */
export function parseShare(text: string): Share {
  const match = /^\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*$/.exec(text);
  if (match === null) throw shareError(`'${text}' is not a share; write 0/3 for the first of three`);
  const share = { index: Number(match[1]), count: Number(match[2]) };
  if (share.index >= share.count) {
    const known =
      share.count === 0
        ? ''
        : `; of ${share.count} the first is 0/${share.count}, the last ${share.count - 1}/${share.count}`;
    throw shareError(`'${text.trim()}' does not exist: shares count from 0${known}`);
  }
  return share;
}

/**
 * One share of these partitions: neighbours, in rising order. Each partition is in exactly one
 * share, and the sizes differ by one at most.
 *
 * @throws ConfigError if there are more shares than partitions
 */
export function partitionShare({ index, count }: Share, partitions: readonly number[]): readonly number[] {
  if (count > partitions.length) {
    throw shareError(
      `${partitions.length} partitions cannot be shared by ${count} processes: each needs at least one; start at most ${partitions.length}`,
    );
  }
  return splitPartitions(partitions, count)[index] ?? [];
}

/**
 * Those of a job's partitions that the setting `share` leaves to this process; all of them without
 * it.
 *
 * @throws ConfigError if there are more shares than partitions
 */
export function shareOf(
  { share }: { readonly share?: string },
  partitions: readonly number[],
): readonly number[] {
  return share === undefined ? partitions : partitionShare(parseShare(share), partitions);
}

function shareError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'share' });
}
