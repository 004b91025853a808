import type { Config } from '../config/config.ts';
import type { OutOfRange } from '../kafka/source.ts';
import { OffsetOutOfRangeError } from '../kernel/errors.ts';

/**
 * Where to continue when a position is not in the log.
 *
 * @throws OffsetOutOfRangeError with `onOffsetOutOfRange: 'fail'`
 */
export function resetPosition(config: Config, at: OutOfRange): number {
  if (config.onOffsetOutOfRange === 'earliest') return at.earliest;
  if (config.onOffsetOutOfRange === 'latest') return at.latest;
  throw new OffsetOutOfRangeError(
    `${whatIsLost(at)}. Look into it, then start with onOffsetOutOfRange 'earliest' or 'latest', ` +
      `or set the offset: kasper offsets reset ${config.topicProcessorName}.`,
    at,
  );
}

function whatIsLost({ topic, partition, offset, earliest, latest, reason }: OutOfRange): string {
  const where = `Offset ${offset} of ${topic}/${partition}`;
  const log = `the log, which holds ${earliest} to ${latest}`;
  if (reason === 'recreated')
    return `${where} belongs to a topic that was deleted and recreated; other records are in ${log}`;
  if (reason === 'truncated')
    return `${where} lies after records that a new leader does not have (unclean leader election); other records are in ${log}`;
  const lost =
    offset < earliest
      ? `${earliest - offset} records before ${earliest} were deleted before they were read (retention or DeleteRecords)`
      : 'the topic was truncated or recreated';
  return `${where} is not in ${log}: ${lost}`;
}
