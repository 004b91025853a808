import { ConfigError } from '../kernel/errors.ts';

/** A ConfigError about the embedded cluster. */
export function clusterError(problems: readonly string[], cause?: unknown): ConfigError {
  const what = 'Embedded Kafka cluster';
  return new ConfigError(problems, cause === undefined ? { what } : { what, cause });
}
