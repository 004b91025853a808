import type { OffsetSpec } from './kafka/log-position.ts';
import { ConfigError } from './kernel/errors.ts';
import { show } from './kernel/shown-value.ts';

/**
 * Where `seek` goes: an offset, the first or the end of the log, or the first record at or after a
 * time (milliseconds since 1970, or a Date). The end is the one that the run's isolation sees; a
 * time past the end gives the end.
 */
export type SeekTarget = number | 'earliest' | 'latest' | Date | { readonly timestamp: number | Date };

/**
 * Checks a value that may come from JavaScript, and brings it into the form of a request. @param
 * what is to be done with it, for messages
 */
export function checkTarget(to: unknown, what = 'seek'): number | OffsetSpec {
  if (to === 'earliest' || to === 'latest') return to;
  if (typeof to === 'number' && Number.isSafeInteger(to) && to >= 0) return to;
  const timestamp = to instanceof Date ? to.getTime() : timestampIn(to);
  if (typeof timestamp === 'number' && Number.isSafeInteger(timestamp) && timestamp >= 0)
    return { timestamp };
  throw new ConfigError(
    [
      "the target must be an offset (a whole number from 0), 'earliest', 'latest', a Date, or { timestamp } in milliseconds since 1970, " +
        `not ${shownTarget(to)}`,
    ],
    { what },
  );
}

function timestampIn(to: unknown): unknown {
  if (typeof to !== 'object' || to === null || !('timestamp' in to)) return undefined;
  return to.timestamp instanceof Date ? to.timestamp.getTime() : to.timestamp;
}

function shownTarget(to: unknown): string {
  const isTime = typeof to === 'object' && to !== null && 'timestamp' in to;
  return isTime ? `{ timestamp: ${show(to.timestamp)} }` : show(to);
}
