import { stillOwned, unguarded, type OwnershipGuard } from '../assignment/ownership-guard.ts';
import { toClaimError } from '../assignment/static/claim-entries.ts';
import { Claims } from '../assignment/static/claims.ts';
import { byOwner, type OwnedPartition } from '../assignment/static/other-owners.ts';
import { isAlive, thisProcess } from '../assignment/static/process-identity.ts';
import { CLAIMS_SUFFIX } from '../config/group-names.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { CommitResult } from '../kafka/group-offsets.ts';
import { backoffMs } from '../kernel/backoff.ts';
import { checkDurations } from '../kernel/duration.ts';
import { sleep, systemClock, type Clock } from '../kernel/clock.ts';
import { AssignmentError, CommitError, LifecycleError, type KasperError } from '../kernel/errors.ts';
import { silentLogger, type Logger } from '../kernel/logger.ts';
import { keyOf, listPartitions } from '../kernel/topic-partition.ts';
import { checkGroup } from './check-selection.ts';
import {
  planOffsetReset,
  type PlannedReset,
  type ResetPlan,
  type ResetSelection,
  type ResetTarget,
} from './offset-reset-plan.ts';

/** How offsets are set. */
export interface ResetOptions extends ResetSelection {
  /**
   * Whether the partitions are claimed meanwhile, as a processor does, so that none can run on
   * them. Default true. False: for groups of other programs, and where the claims may not be
   * written; then make sure yourself that nobody consumes.
   */
  readonly claims?: boolean;
  /**
   * For how long an owner that did not release its partitions must have been silent, in
   * milliseconds. Default 15000, as for a processor.
   */
  readonly claimTimeoutMs?: number;
  /** For how long retriable failures are retried, in milliseconds. Default 30000. */
  readonly retryTimeoutMs?: number;
  /** Ends the reset as long as nothing is changed: the promise rejects with LifecycleError. */
  readonly signal?: AbortSignal;
  /** Logs owners whose partitions are taken over. Default: silent. */
  readonly logger?: Logger;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
}

type Settings = Required<Pick<ResetOptions, 'claimTimeoutMs' | 'retryTimeoutMs' | 'logger' | 'clock'>> & {
  readonly signal: AbortSignal;
};

/** Waits between attempts to commit. */
const RETRY_BACKOFF = { initialMs: 100, maxMs: 2_000 };
const RELEASE_WITHIN_MS = 5_000;
/** Only entries that are kept for longer than this would be written again. */
const OFFSET_REFRESH_MS = 60_000;

/**
 * Sets the committed offsets of a group that nobody works on (OffsetCommit, without membership).
 * The next start continues there.
 *
 * The partitions are claimed meanwhile, so no processor can begin before it is done. It is refused
 * while a processor runs on one of them, and takes a second where nobody owns them. Where an owner
 * on another host did not release them, it waits for `claimTimeoutMs`. A topic that was recreated
 * since is accepted from then on. Processors with `claims: false` cannot be seen: make sure that
 * none runs.
 *
 * @param groupId of a job: `groupIdOf(topicProcessorName)`
 * @returns what was done, with the offsets as they were after the claim
 * @throws AssignmentError while a processor runs on one of the partitions, or a consumer is a
 *   member of the group: the error names it, and nothing was changed
 * @throws ConfigError as {@link planOffsetReset}, before anything is changed
 * @throws CommitError if not all offsets could be set; `stored` and `failed` list them
 * @throws LifecycleError if the signal ended it before anything was changed
 * @throws BrokerError, ConnectionError or TimeoutError, before anything is changed
 */
export async function resetOffsets(
  client: KafkaClient,
  groupId: string,
  to: ResetTarget,
  options: ResetOptions = {},
): Promise<ResetPlan> {
  checkGroup('resetOffsets', client, groupId, options);
  const { claimTimeoutMs, retryTimeoutMs } = options;
  checkDurations('resetOffsets', { claimTimeoutMs, retryTimeoutMs });
  const settings = {
    claimTimeoutMs: options.claimTimeoutMs ?? 15_000,
    retryTimeoutMs: options.retryTimeoutMs ?? 30_000,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
    signal: options.signal ?? new AbortController().signal,
  };
  // Wrong arguments are reported before any owner is waited for.
  const preview = await planOffsetReset(client, groupId, to, options);
  await refuseMembers(client, groupId);
  if (options.claims === false) {
    throwIfStopped(settings.signal);
    await commitPlan(client, preview, { ...settings, guard: unguarded, onStored: () => undefined });
    return preview;
  }
  const claims = claimsFor(client, preview, settings);
  let isBegun = false;
  try {
    await claims.take();
    await stillOwned(claims);
    // An owner may have committed until it stopped.
    const plan = only(await planOffsetReset(client, groupId, to, options), preview);
    throwIfStopped(settings.signal);
    isBegun = true;
    const onStored = (stored: readonly PlannedReset[]) => {
      claims.noteTopicIds(stored);
    };
    await commitPlan(client, plan, { ...settings, guard: claims, onStored });
    return plan;
  } catch (error) {
    if (!isBegun) throwIfStopped(settings.signal);
    throw error;
  } finally {
    await claims.close(RELEASE_WITHIN_MS);
  }
}

function claimsFor(client: KafkaClient, { groupId, partitions }: ResetPlan, settings: Settings): Claims {
  const { claimTimeoutMs, retryTimeoutMs, logger, clock, signal } = settings;
  return new Claims({
    offsets: client.group(groupId + CLAIMS_SUFFIX),
    clock,
    logger,
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
    topics: new Map(partitions.map(({ topic, topicId }) => [topic, { topic, topicId, partitionCount: 0 }])),
    process: thisProcess(),
    isAlive,
    instanceId: undefined,
    claimTimeoutMs,
    offsetRefreshMs: OFFSET_REFRESH_MS,
    retryTimeoutMs,
    closing: signal,
    // `take` and `check` reject as well, and only they are waited for here.
    owner: { lost: () => undefined },
    heldBy: runningError,
  });
}

/** The part of a plan that was claimed. */
function only(plan: ResetPlan, { partitions }: ResetPlan): ResetPlan {
  const claimed = new Set(partitions.map(keyOf));
  return { ...plan, partitions: plan.partitions.filter((each) => claimed.has(keyOf(each))) };
}

async function refuseMembers(client: KafkaClient, groupId: string): Promise<void> {
  const { members } = await client.describeGroup(groupId);
  if (members.length === 0) return;
  const shown = members
    .slice(0, 5)
    .map(({ clientId, host }) => `${clientId} from ${host.replace(/^\//, '')}`);
  const more = members.length > 5 ? ` and ${members.length - 5} more` : '';
  throw new AssignmentError(
    `The offsets of group ${groupId} are not changed: a consumer is a member of it (${shown.join(', ')}${more}). Stop it, then try again.`,
  );
}

function runningError(entries: readonly OwnedPartition[]): AssignmentError {
  return new AssignmentError(
    `The offsets are not changed, since a processor is running: ${byOwner(entries)}. ` +
      'Stop it (Ctrl-C, or SIGTERM to that process), then try again.',
  );
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new LifecycleError('The reset was stopped before anything was changed');
}

interface CommitSettings extends Pick<Settings, 'clock' | 'retryTimeoutMs'> {
  /** Asked before each commit. */
  readonly guard: OwnershipGuard;
  readonly onStored: (partitions: readonly PlannedReset[]) => void;
}

/**
 * Commits until no partition is left that can be tried again; each is judged alone. Once begun, it
 * is not stopped.
 */
async function commitPlan(
  client: KafkaClient,
  { groupId, partitions }: ResetPlan,
  { clock, retryTimeoutMs, guard, onStored }: CommitSettings,
): Promise<void> {
  const offsets = client.group(groupId);
  const stored: PlannedReset[] = [];
  let left: readonly PlannedReset[] = partitions;
  const until = clock.now() + retryTimeoutMs;
  for (let attempt = 0; ; attempt++) {
    await stillOwned(guard);
    const results = await commitOnce(offsets, left);
    const failed = left.filter((_, at) => results[at] !== undefined);
    const news = left.filter((_, at) => results[at] === undefined);
    stored.push(...news);
    onStored(news);
    const errors = results.filter((error) => error !== undefined);
    const worst = errors.find(({ retriable }) => !retriable) ?? errors[0];
    if (worst === undefined) return;
    const waitMs = backoffMs(RETRY_BACKOFF, attempt);
    if (!worst.retriable || clock.now() + waitMs > until)
      throw commitError(worst, { groupId, failed, stored });
    left = failed;
    await sleep(clock, waitMs);
  }
}

/** The errors, in the order of the partitions; undefined: stored. */
async function commitOnce(
  offsets: ReturnType<KafkaClient['group']>,
  partitions: readonly PlannedReset[],
): Promise<(KasperError | undefined)[]> {
  try {
    // The epoch of the record before is not known, and the metadata of another position would not
    // be true of this one.
    const results: CommitResult[] = await offsets.commit(
      partitions.map(({ topic, partition, toOffset }) => ({
        topic,
        partition,
        offset: toOffset,
        leaderEpoch: -1,
        metadata: '',
      })),
    );
    return results.map(({ error }) => error);
  } catch (thrown) {
    const error = toClaimError(thrown);
    return partitions.map(() => error);
  }
}

function commitError(
  cause: KasperError,
  { groupId, failed, stored }: Record<'failed' | 'stored', readonly PlannedReset[]> & { groupId: string },
): CommitError {
  const done = stored.length === 0 ? 'none was set' : `set were ${listPartitions(stored)}`;
  const withOffset = (each: PlannedReset) => ({
    topic: each.topic,
    partition: each.partition,
    offset: each.toOffset,
  });
  return new CommitError(
    `The offsets of ${listPartitions(failed)} could not be set in group ${groupId}; ${done}. ${cause.message}`,
    { cause, failed: failed.map(withOffset), stored: stored.map(withOffset) },
  );
}
