import { openClient, silentLogger, type KafkaClient, type OpenClientOptions } from '../../index.ts';
import { clientOf, type ConnectionFlags } from '../settings/connection-flags.ts';
import type { Io } from '../terminal/io.ts';

/** A person waits for the answer, so requests are retried for a shorter time than in a job. */
const RETRY_TIMEOUT_MS = 20_000;
const FIRST_CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects to Kafka, uses the connection, and closes it. @throws as `openClient`, and what `use`
 * throws
 */
export async function withKafka<T>(
  flags: ConnectionFlags,
  io: Io,
  use: (client: KafkaClient) => Promise<T>,
  options: Partial<OpenClientOptions> = {},
): Promise<T> {
  const client = openClient(clientOf(undefined, flags, io), {
    logger: silentLogger,
    retryTimeoutMs: RETRY_TIMEOUT_MS,
    firstConnectTimeoutMs: FIRST_CONNECT_TIMEOUT_MS,
    ...options,
  });
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.close();
  }
}
