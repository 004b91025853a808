import type { TopicDescription } from '../../kafka/client.ts';
import type { GroupOffsets } from '../../kafka/group-offsets.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { PartitionsOwner } from '../assignment.ts';
import type { ClaimsWatchOptions } from './other-owners.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** What Claims are made of. */
export interface ClaimsOptions {
  /** The group `{group}-claims`. */
  readonly offsets: GroupOffsets;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: readonly TopicPartition[];
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly process: ProcessIdentity;
  readonly isAlive: (pid: number) => boolean;
  readonly instanceId: string | undefined;
  readonly claimTimeoutMs: number;
  readonly offsetRefreshMs: number;
  readonly retryTimeoutMs: number;
  /** Aborted when the processor closes: ends the waits of a start. */
  readonly closing: AbortSignal;
  /** Called once, when the claims are lost or can no longer be read. */
  readonly owner: Pick<PartitionsOwner, 'lost'>;
  /** As in {@link ClaimsWatchOptions}. */
  readonly heldBy?: ClaimsWatchOptions['heldBy'];
}
