import { ConfigError, openClient, type ClientInit, type KafkaObserver, type Logger } from '../../index.ts';

export interface AllPartitionsOptions {
  readonly logger: Logger;
  /** That of the run. */
  readonly retryTimeoutMs: number | undefined;
  /** That of the run. */
  readonly firstConnectTimeoutMs: number | undefined;
  /** Hears what fails meanwhile. */
  readonly observer: KafkaObserver | undefined;
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
}

/**
 * All partitions that the input topics have now; the TopicProcessor checks that their counts are
 * equal.
 *
 * @returns an empty list if the signal was aborted meanwhile
 * @throws ConfigError for topics that do not exist
 */
export async function allPartitions(
  client: ClientInit,
  inputTopics: readonly string[],
  { logger, retryTimeoutMs, firstConnectTimeoutMs, observer, signal }: AllPartitionsOptions,
): Promise<number[]> {
  const kafka = openClient(client, {
    logger,
    ...(retryTimeoutMs === undefined ? {} : { retryTimeoutMs }),
    ...(firstConnectTimeoutMs === undefined
      ? {}
      : { firstConnectTimeoutMs: Math.min(firstConnectTimeoutMs, retryTimeoutMs ?? Infinity) }),
  });
  if (observer !== undefined) kafka.observe?.(observer);
  const close = () => void kafka.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await kafka.connect();
    const found = await kafka.describeTopics(inputTopics);
    const missing = inputTopics.filter((topic) => !found.has(topic));
    if (missing.length > 0) {
      throw new ConfigError(
        [
          `${missing.map((topic) => `'${topic}'`).join(', ')} not found: create the topic, or check its name and --brokers`,
        ],
        { what: 'inputTopics' },
      );
    }
    const most = Math.max(...[...found.values()].map(({ partitionCount }) => partitionCount));
    return Array.from({ length: most }, (_, partition) => partition);
  } catch (error) {
    // It was closed because of a signal, before the run: no failure.
    if (signal.aborted) return [];
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    await kafka.close();
  }
}
