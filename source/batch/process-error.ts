import { isBatchError } from '../batch-error.ts';
import { endedByClose } from '../kernel/closed-while-waiting.ts';
import { KasperError, ProcessError, type OffsetRange } from '../kernel/errors.ts';
import { textOf } from '../kernel/thrown-text.ts';

/** The error of a batch. What was thrown is its `cause`, and is not wrapped twice. */
export function processError(thrown: unknown, failed: FailedBatch): KasperError {
  const { doing, isCommitted, partition, ranges } = failed;
  if (endedByClose(thrown)) return thrown as KasperError;
  if (KasperError.is(thrown) && (thrown.code === 'PROCESS' || thrown.code === 'FENCED')) return thrown;
  const where = ranges
    .map(({ topic, first, last }) => `${topic}/${partition} offsets ${first} to ${last}`)
    .join(', ');
  const left = isCommitted
    ? 'outputs and offsets are committed, the batch is not reprocessed'
    : `nothing of this batch was committed, so it is reprocessed at the next start${skipping(thrown, failed)}`;
  return new ProcessError(`The ${doing} failed for ${where}; ${left}. ${textOf(thrown)}`, {
    cause: thrown,
    partition,
    ranges,
  });
}

/** How an operator leaves out what `process` cannot do; other steps fail for reasons of their own. */
function skipping(thrown: unknown, { doing, job, partition, ranges }: FailedBatch): string {
  const [range] = ranges;
  if (doing !== 'process' || range === undefined) return '';
  const [first] = isBatchError(thrown) ? thrown.failures : [];
  const { topic, offset } = first?.message ?? { topic: range.topic, offset: range.last };
  const others = first === undefined && ranges.length > 1 ? ', and so for each topic' : '';
  return ` (to skip all up to ${topic} offset ${offset}: kasper offsets reset ${job} --topics ${topic} --partitions ${partition} --to-offset ${offset + 1}${others})`;
}

interface FailedBatch {
  /** The topicProcessorName. */
  readonly job: string;
  /** The step that failed, in words, such as 'process' or 'flush of the sender'. */
  readonly doing: string;
  /** Whether its outputs and offsets are committed all the same. */
  readonly isCommitted: boolean;
  readonly partition: number;
  readonly ranges: readonly OffsetRange[];
}
