import { BrokerError, ConnectionError, type KasperError } from '../../../kernel/errors.ts';
import { listPartitions, type TopicPartition } from '../../../kernel/topic-partition.ts';

/**
 * The error that is reported of partitions that are given up: of one that was retried it says for
 * how long.
 */
export function gaveUp(
  failed: readonly TopicPartition[],
  error: KasperError,
  retryTimeoutMs: number,
): KasperError {
  if (!error.retriable) return error;
  const text = `Reading ${listPartitions(failed)} failed for ${retryTimeoutMs} ms; the last error: ${error.message}`;
  if (error instanceof BrokerError) {
    const { brokerCode, brokerError: name } = error;
    return new BrokerError(text, { brokerCode, brokerError: name, retriable: true, cause: error });
  }
  return new ConnectionError(text, { cause: error, retriable: true });
}
