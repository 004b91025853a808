import type { Config } from '../config/config.ts';
import type { OutOfRange } from '../kafka/source.ts';
import { OffsetOutOfRangeError } from '../kernel/errors.ts';

/**
 * Where to go on from when a position is not in the log.
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
    return `${where} belongs to a topic that was deleted and made anew; other records stand in ${log}`;
  if (reason === 'truncated')
    return `${where} lies after records that a new leader does not have (unclean leader election); other records stand in ${log}`;
  const lost =
    offset < earliest
      ? `${earliest - offset} records before ${earliest} were deleted before they were read (retention or DeleteRecords)`
      : 'the topic was truncated or made anew';
  return `${where} is not in ${log}: ${lost}`;
}
