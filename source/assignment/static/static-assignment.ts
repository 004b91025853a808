import { isAlive, thisProcess } from './process-identity.ts';
import { Claims } from './claims.ts';
import type { Config } from '../../config/config.ts';
import type { KafkaClient, TopicDescription } from '../../kafka/client.ts';
import type { KasperError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { assignedPartitions } from './assigned-partitions.ts';

/** What claims need beside the options. */
export interface ClaimsSurroundings {
  readonly client: KafkaClient;
  readonly logger: Logger;
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly closing: AbortSignal;
  readonly onFailed: (error: KasperError) => void;
}

/** The claims of a run in this process; undefined with `claims: false`. */
export function makeClaims(config: Config, around: ClaimsSurroundings): Claims | undefined {
  if (!config.claims) return undefined;
  const { clock, instanceId, claimTimeoutMs, offsetRefreshMs, retryTimeoutMs } = config;
  const { client, logger, topics, closing, onFailed } = around;
  return new Claims({
    offsets: client.group(config.claimsGroupId),
    clock,
    logger,
    partitions: assignedPartitions(config),
    topics,
    process: thisProcess(),
    isAlive,
    instanceId,
    claimTimeoutMs,
    offsetRefreshMs,
    retryTimeoutMs,
    closing,
    onFailed,
  });
}
