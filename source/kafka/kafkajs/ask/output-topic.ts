import { ProduceError } from '../../../kernel/errors.ts';
import { ErrorCodes } from '../../wire/error-codes.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import type { AskLeadersOptions } from './ask-leaders.ts';

/** A topic that was just created is not known to every broker immediately. */
const NEW_TOPIC_GRACE_MS = 2_000;

/**
 * How many partitions a topic has by the last metadata; undefined if it is not known, or has an
 * error.
 */
export function knownPartitionCount(cluster: ClusterConnection, topic: string): number | undefined {
  const known = cluster.topic(topic);
  if (known?.errorCode !== ErrorCodes.NONE || known.partitions.size === 0) return undefined;
  return known.partitions.size;
}

/**
 * Learns how many partitions an output topic has (Metadata).
 *
 * @throws ProduceError that names the topic
 */
export async function loadOutputTopic(
  cluster: ClusterConnection,
  topic: string,
  { retryTimeoutMs, signal }: AskLeadersOptions,
): Promise<number> {
  const what = `Metadata of output topic ${topic}`;
  const { clock } = cluster;
  const unknownUntil = clock.now() + NEW_TOPIC_GRACE_MS;
  try {
    return await retryLoop(cluster, { timeoutMs: retryTimeoutMs, what, kind: 'send', signal }, async () => {
      await cluster.refresh([topic]);
      const count = knownPartitionCount(cluster, topic);
      if (count !== undefined) return count;
      const errorCode = cluster.topic(topic)?.errorCode ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      const error = brokerError(
        errorCode === ErrorCodes.NONE ? ErrorCodes.LEADER_NOT_AVAILABLE : errorCode,
        what,
      );
      if (errorCode === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION && clock.now() > unknownUntil)
        throw new ProduceError(`Output topic ${topic} does not exist; create it first`, { cause: error });
      throw error;
    });
  } catch (thrown) {
    if (thrown instanceof ProduceError) throw thrown;
    const error = wrapError(thrown, what);
    throw new ProduceError(error.message, { cause: error, retriable: error.retriable });
  }
}
