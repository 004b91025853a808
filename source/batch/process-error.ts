import { endedByClose } from '../kernel/closed-while-waiting.ts';
import { KasperError, ProcessError, type OffsetRange } from '../kernel/errors.ts';
import { textOf } from '../kernel/thrown-text.ts';

/** The error of a batch. What was thrown is its `cause`, and is not wrapped twice. */
export function processError(thrown: unknown, { doing, partition, ranges }: FailedBatch): KasperError {
  if (endedByClose(thrown)) return thrown as KasperError;
  if (KasperError.is(thrown) && (thrown.code === 'PROCESS' || thrown.code === 'FENCED')) return thrown;
  const where = ranges
    .map(({ topic, first, last }) => `${topic}/${partition} offsets ${first} to ${last}`)
    .join(', ');
  return new ProcessError(
    `The ${doing} failed for ${where}; nothing of this batch was committed, so it is reprocessed at the next start. ${textOf(thrown)}`,
    { cause: thrown, partition, ranges },
  );
}

interface FailedBatch {
  /** The step that failed, in words, such as 'process' or 'flush of the sender'. */
  readonly doing: string;
  readonly partition: number;
  readonly ranges: readonly OffsetRange[];
}
