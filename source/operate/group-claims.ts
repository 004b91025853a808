import { parseClaim, type ClaimRecord } from '../assignment/static/claim-record.ts';
import { isAlive, thisProcess, type ProcessIdentity } from '../assignment/static/process-identity.ts';
import { CLAIMS_SUFFIX } from '../config/group-names.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { GroupOffsets } from '../kafka/group-offsets.ts';
import { sleep, systemClock, type Clock } from '../kernel/clock.ts';
import { checkDurations } from '../kernel/duration.ts';
import { isObject } from '../kernel/is-object.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import { clientArgument, groupIdArgument } from './check-selection.ts';

/**
 * The state of the owner of a partition:
 * - `alive`: its beat was seen to move
 * - `silent`: its beat did not move while it was watched: it hangs, was suspended or cut off, or
 *   has died on another host
 * - `ended`: its process, on this host, has ended
 * - `released`: it has released the partition
 */
export type ClaimState = 'alive' | 'silent' | 'ended' | 'released';

/**
 * What an owner writes about itself. All but the state is undefined where this version cannot read
 * the claim.
 */
export interface ClaimInfo {
  readonly state: ClaimState;
  readonly host: string | undefined;
  readonly pid: number | undefined;
  readonly instanceId: string | undefined;
  /** ISO 8601, by the owner's clock. */
  readonly startedAt: string | undefined;
  /**
   * The id of the topic in which the committed offset is, where that is known. If the topic has
   * another id now, it was recreated.
   */
  readonly topicId: string | undefined;
}

/** The claim on one partition. */
export interface PartitionClaim extends TopicPartition, ClaimInfo {}

/** How claims are watched. */
export interface GroupClaimsOptions {
  /**
   * For how long an owner is watched whose beat does not move, in milliseconds. Default 5000:
   * owners beat every 3 s.
   */
  readonly watchMs?: number;
  /** Ends the watching: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
}

const WATCH_MS = 5_000;
const READ_EVERY_MS = 500;

interface Entry extends TopicPartition {
  readonly beat: number;
  readonly record: ClaimRecord | undefined;
}

/**
 * Who owns the partitions of a job: the entries of the group `{groupId}-claims` (OffsetFetch),
 * sorted by topic and partition. Owners that may be alive are watched until their beats have moved,
 * or for `watchMs`, so this takes some 3 seconds while processors run. Writes nothing.
 *
 * @throws BrokerError, ConnectionError or TimeoutError
 */
export async function groupClaims(
  client: Pick<KafkaClient, 'group'>,
  groupId: string,
  options: GroupClaimsOptions = {},
): Promise<PartitionClaim[]> {
  checkArguments('groupClaims', clientArgument(client, ['group']), groupIdArgument(groupId), [
    isObject(options),
    'options must be an object',
    options,
  ]);
  const { watchMs = WATCH_MS, signal, clock = systemClock } = options;
  checkDurations('groupClaims', { watchMs });
  const offsets = client.group(groupId + CLAIMS_SUFFIX);
  const self = thisProcess();
  const until = clock.now() + watchMs;
  let entries = await read(offsets);
  const firstBeats = beatsOf(entries);
  const alive = new Set<string>();
  for (;;) {
    for (const [owner, beats] of beatsOf(entries)) if (beats !== firstBeats.get(owner)) alive.add(owner);
    const states = entries.map((entry) => stateOf(entry, alive, self));
    if (!states.includes('silent') || clock.now() >= until)
      return entries.map((entry, at) => infoOf(entry, states[at] ?? 'silent'));
    await sleep(clock, READ_EVERY_MS, signal);
    entries = await read(offsets);
  }
}

async function read(offsets: GroupOffsets): Promise<Entry[]> {
  const committed = await offsets.fetchAll();
  return committed.map(({ topic, partition, offset, metadata }) => ({
    topic,
    partition,
    beat: offset,
    record: parseClaim(metadata),
  }));
}

/** The beats of all entries of each owner: one of them, its anchor, moves. */
function beatsOf(entries: readonly Entry[]): Map<string, string> {
  const beats = new Map<string, string>();
  for (const entry of entries) {
    const owner = ownerOf(entry);
    beats.set(owner, `${beats.get(owner) ?? ''} ${keyOf(entry)}=${entry.beat}`);
  }
  return beats;
}

/** An entry that cannot be read has an owner too, though nothing else is known of it. */
function ownerOf(entry: Entry): string {
  return entry.record?.owner ?? keyOf(entry);
}

function stateOf(entry: Entry, alive: ReadonlySet<string>, self: ProcessIdentity): ClaimState {
  const { record } = entry;
  if (record?.released === true) return 'released';
  if (alive.has(ownerOf(entry))) return 'alive';
  const isHere = record?.host === self.host && record.pidNamespace === self.pidNamespace;
  return isHere && !isAlive(record.pid) ? 'ended' : 'silent';
}

function infoOf({ topic, partition, record }: Entry, state: ClaimState): PartitionClaim {
  const { host, pid, instanceId, startedAt, topicId } = record ?? {};
  return { topic, partition, state, host, pid, instanceId, startedAt, topicId };
}
