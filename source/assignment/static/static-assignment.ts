import type { RunContext } from '../../config/run-context.ts';
import type { TopicDescription } from '../../kafka/client.ts';
import type { GroupOffsets } from '../../kafka/group-offsets.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { Assignment, PartitionsOwner } from '../assignment.ts';
import type { OwnerIdentity } from '../owner-identity.ts';
import { unguarded, type OwnershipGuard } from '../ownership-guard.ts';
import { assignedPartitions } from './assigned-partitions.ts';
import { Claims } from './claims.ts';
import { isAlive, thisProcess } from './process-identity.ts';
import { warnOfMembers } from './warn-of-members.ts';

/**
 * The partitions that the option `inputPartitions` lists: all are gained at the start and revoked
 * at the end. Claims prove that no other process has them, unless `claims` is false.
 */
export class StaticAssignment implements Assignment {
  readonly offsets: GroupOffsets;
  readonly #context: RunContext;
  readonly #topics: ReadonlyMap<string, TopicDescription>;
  #claims: Claims | undefined;

  /** @param topics the input topics, as the cluster describes them now */
  constructor(context: RunContext, topics: ReadonlyMap<string, TopicDescription>) {
    this.#context = context;
    this.#topics = topics;
    this.offsets = context.client.group(context.config.groupId);
  }

  get guard(): OwnershipGuard {
    return this.#claims ?? unguarded;
  }

  get waitsFor(): string | undefined {
    if (this.#claims?.isWatching !== true) return undefined;
    return 'another process has its partitions: it waits whether that one lives';
  }

  async open(owner: PartitionsOwner): Promise<void> {
    const { config, client, logger, closing } = this.#context;
    const partitions = assignedPartitions(config);
    if (config.claims) {
      this.#claims = this.#newClaims(partitions, owner);
      await this.#claims.take();
    }
    if (closing.aborted) return;
    await warnOfMembers(config, client, logger);
    await owner.gained(partitions);
  }

  topicIdOf({ topic, partition }: TopicPartition): string | undefined {
    return this.#claims?.topicId(topic, partition);
  }

  noteTopicIds(committed: readonly (TopicPartition & { readonly topicId: string | undefined })[]): void {
    this.#claims?.noteTopicIds(committed);
  }

  get identity(): OwnerIdentity | undefined {
    return this.#claims?.identity;
  }

  noteFenced(): void {
    this.#claims?.noteFenced();
  }

  noteUnsure(): void {
    this.#claims?.noteUnsure();
  }

  async close(withinMs: number): Promise<void> {
    await this.#claims?.close(withinMs);
  }

  #newClaims(partitions: readonly TopicPartition[], owner: PartitionsOwner): Claims {
    const { config, client, logger, closing } = this.#context;
    const { clock, instanceId, claimTimeoutMs, offsetRefreshMs, retryTimeoutMs } = config;
    return new Claims({
      offsets: client.group(config.claimsGroupId),
      partitions,
      topics: this.#topics,
      owner,
      process: thisProcess(),
      isAlive,
      instanceId,
      clock,
      logger,
      claimTimeoutMs,
      offsetRefreshMs,
      retryTimeoutMs,
      closing,
    });
  }
}
