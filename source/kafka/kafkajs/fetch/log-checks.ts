import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError } from '../../../kernel/errors.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import type { StartPosition } from '../../log-position.ts';
import type { OutOfRange } from '../../source.ts';
import type { AskLeadersOptions } from '../ask/ask-leaders.ts';
import { lookUpEpochEnds } from '../ask/epoch-lookup.ts';
import { lookUpOffsets } from '../ask/offset-lookup.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';

/** Both ends of a log, as its leader named them, and whose log it is. */
export type LogRange = Pick<OutOfRange, 'earliest' | 'latest' | 'topicId'>;

/**
 * Asks the leader for both ends of a log.
 *
 * @throws BrokerError, ConnectionError, TimeoutError
 */
export async function askRange(
  cluster: ClusterConnection,
  { topic, partition }: TopicPartition,
  limits: AskLeadersOptions,
): Promise<LogRange> {
  const asked = [{ topic, partition }];
  const [earliest, latest] = await Promise.all([
    lookUpOffsets(cluster, 'earliest', asked, 'read_uncommitted', limits),
    lookUpOffsets(cluster, 'latest', asked, 'read_uncommitted', limits),
  ]);
  // The ends may be those of a recreated topic: its id must be known, too.
  await cluster.refresh([topic]);
  const topicId = cluster.topic(topic)?.topicId;
  return { earliest: earliest[0]?.offset ?? -1, latest: latest[0]?.offset ?? -1, topicId };
}

/**
 * Asks a new leader whether its log holds what was read last. It may be shorter than that of the
 * former one, with other records after that (unclean.leader.election.enable).
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-320
 * @returns the range of its log if it was truncated before `position`, else undefined
 * @throws BrokerError, ConnectionError, TimeoutError
 */
export async function askTruncation(
  cluster: ClusterConnection,
  position: StartPosition,
  limits: AskLeadersOptions,
): Promise<LogRange | undefined> {
  const [ends, range] = await Promise.all([
    lookUpEpochEnds(cluster, [position], limits),
    askRange(cluster, position, limits),
  ]);
  const holdsIt = ends === undefined || (ends[0]?.endOffset ?? -1) >= position.offset;
  return holdsIt ? undefined : range;
}

/** A broker answered with OFFSET_OUT_OF_RANGE, yet the leader says that its log has the offset. */
export function falseAlarm(what: string, { earliest, latest }: LogRange): BrokerError {
  return new BrokerError(
    `${what} was answered with OFFSET_OUT_OF_RANGE, yet the leader holds ${earliest} to ${latest}`,
    { brokerCode: ErrorCodes.OFFSET_OUT_OF_RANGE, brokerError: 'OFFSET_OUT_OF_RANGE', retriable: true },
  );
}
