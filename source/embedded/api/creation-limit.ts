import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Refusal } from '../settings/refusal.ts';

/** What a controller writes at most for one request: a record for each topic and each partition. */
export const MAX_RECORDS = 10_000;

/**
 * Why a request that creates this many partitions is refused as a whole; undefined if it is not.
 *
 * @param topics how many topics it creates
 */
export function creationExcess(topics: number, partitions: number): Refusal | undefined {
  if (topics + partitions <= MAX_RECORDS) return undefined;
  return {
    code: ErrorCodes.POLICY_VIOLATION,
    message:
      topics > 0 && partitions > MAX_RECORDS
        ? 'Excessively large number of partitions per request.'
        : 'Unable to perform excessively large batch operation.',
  };
}
