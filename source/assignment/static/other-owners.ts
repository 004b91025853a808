import { type ClaimEntry, type ClaimsReading } from './claim-entries.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { describeOwner, type ClaimRecord } from './claim-record.ts';
import { AssignmentError, FencedError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { listPartitions, type TopicPartition } from '../../kernel/topic-partition.ts';
import { keyOf } from '../../kernel/topic-partition.ts';

/**
 * Between two readings no more than this counts as silence: while nothing can be read, nobody can
 * write a beat either.
 */
const MAX_COUNTED_GAP_MS = 1_000;

export interface ClaimsWatchOptions {
  readonly partitions: readonly TopicPartition[];
  readonly self: ProcessIdentity & { readonly owner: string; readonly instanceId: string | undefined };
  /** For how long an owner may be silent before it counts as gone. */
  readonly claimTimeoutMs: number;
  /** Whether a process of this machine runs. */
  readonly isAlive: (pid: number) => boolean;
  /** The error that says who has the partitions. Default: {@link heldError}. */
  readonly heldBy?: ((held: readonly OwnedPartition[]) => AssignmentError) | undefined;
}

/** A partition, and who has claimed it. */
export interface OwnedPartition extends TopicPartition {
  readonly record: ClaimRecord | undefined;
  /** Whether no sign of life of the owner was seen yet: it may turn out to be gone. */
  readonly isUnheard?: boolean;
}

/** An owner whose entry is taken though it was not released. */
export interface GoneOwner extends TopicPartition {
  readonly record: ClaimRecord | undefined;
  readonly why: 'silent' | 'dead';
}

interface Watched {
  readonly owner: string | undefined;
  readonly beats: string;
  readonly seenAt: number;
  readonly silentMs: number;
}

/**
 * Watches the entries of other owners before a start: whether they are free, and else whether their
 * owners show a sign of life.
 */
export class ClaimsWatch {
  readonly #options: ClaimsWatchOptions;
  readonly #watched = new Map<string, Watched>();
  /** Entries of others in which their owners' beats are seen. */
  readonly #anchors = new Map<string, TopicPartition>();

  constructor(options: ClaimsWatchOptions) {
    this.#options = options;
  }

  /** What to read for the next {@link look}. */
  get wanted(): readonly TopicPartition[] {
    const own = new Set(this.#options.partitions.map(keyOf));
    const others = [...this.#anchors.values()].filter((anchor) => !own.has(keyOf(anchor)));
    return [...this.#options.partitions, ...others];
  }

  /**
   * Judges a reading of all that is {@link wanted}.
   *
   * @returns the owners that are gone without a release, if all entries may be had now; undefined
   *   if it takes longer to know
   * @throws AssignmentError as soon as an owner shows a sign of life; it names every partition that
   *   is claimed
   */
  look({ at, entries }: ClaimsReading): readonly GoneOwner[] | undefined {
    const byKey = new Map(entries.map((entry) => [keyOf(entry), entry]));
    const gone: GoneOwner[] = [];
    const held: OwnedPartition[] = [];
    let isHeard = false;
    for (const { topic, partition } of this.#options.partitions) {
      const entry = byKey.get(keyOf({ topic, partition }));
      if (entry === undefined || this.#isFree(entry)) continue;
      const { record } = entry;
      const sign = this.#isDead(record) ? 'dead' : this.#signOfLife(entry, byKey, at.mono);
      if (sign === 'dead' || sign === 'silent') gone.push({ topic, partition, record, why: sign });
      else {
        const isUnheard = sign === 'unknown';
        held.push({ topic, partition, record, isUnheard });
        isHeard ||= !isUnheard;
      }
    }
    if (isHeard) throw (this.#options.heldBy ?? heldError)(held);
    return held.length > 0 ? undefined : gone;
  }

  #isFree({ beat, record }: ClaimEntry): boolean {
    if (beat === undefined) return true;
    if (record === undefined) return false;
    const { owner, instanceId } = this.#options.self;
    return (
      record.released === true ||
      record.owner === owner ||
      (instanceId !== undefined && record.instanceId === instanceId)
    );
  }

  /** Only this machine can know, and only in the same pid namespace. */
  #isDead(record: ClaimRecord | undefined): boolean {
    const { self, isAlive } = this.#options;
    return record?.host === self.host && record.pidNamespace === self.pidNamespace && !isAlive(record.pid);
  }

  #signOfLife(
    entry: ClaimEntry,
    byKey: ReadonlyMap<string, ClaimEntry>,
    now: number,
  ): 'alive' | 'silent' | 'unknown' {
    const { record } = entry;
    if (record !== undefined) this.#anchors.set(keyOf(record.anchor), record.anchor);
    const anchor = record === undefined ? entry : byKey.get(keyOf(record.anchor));
    // To be read the next time.
    if (anchor === undefined) return 'unknown';
    // An anchor that somebody else has taken says nothing of this owner.
    const anchorBeat = anchor.record?.owner === record?.owner ? anchor.beat : undefined;
    const beats = `${entry.beat} ${anchorBeat}`;
    const key = keyOf(entry);
    const before = this.#watched.get(key);
    if (before !== undefined && (before.beats !== beats || before.owner !== record?.owner)) return 'alive';
    const gapMs = before === undefined ? 0 : Math.min(now - before.seenAt, MAX_COUNTED_GAP_MS);
    const silentMs = (before?.silentMs ?? 0) + gapMs;
    this.#watched.set(key, { owner: record?.owner, beats, seenAt: now, silentMs });
    return silentMs >= this.#options.claimTimeoutMs ? 'silent' : 'unknown';
  }
}

/** Logs whose partitions are taken although they were not released. */
export function logGone(logger: Logger, gone: readonly GoneOwner[], claimTimeoutMs: number): void {
  const silent = gone.filter(({ why }) => why === 'silent');
  if (silent.length > 0) {
    logger.warn(
      `Partitions are taken over from an owner that was silent for claimTimeoutMs (${claimTimeoutMs} ms)`,
      { owners: byOwner(silent) },
    );
  }
  const dead = gone.filter(({ why }) => why === 'dead');
  if (dead.length > 0) {
    logger.info('Partitions are taken over from a process of this host that has ended', {
      owners: byOwner(dead),
    });
  }
}

/** The error that names who has the partitions. */
export function heldError(held: readonly OwnedPartition[]): AssignmentError {
  return new AssignmentError(
    `${takenBy(held, { is: 'is', are: 'are', how: 'processed by another process under the same name' })}. ` +
      'End that process, or give each its own inputPartitions or its own topicProcessorName.',
  );
}

/** The error of an owner whose partitions another process has taken. */
export function fencedError(foreign: readonly ClaimEntry[]): FencedError {
  return new FencedError(
    `${takenBy(foreign, { is: 'was', are: 'were', how: 'taken over by another process' })}. ` +
      'This one was silent for too long (it was stopped, or blocked its event loop), or both have the same instanceId. ' +
      'It commits nothing more; what was not committed is processed by the new owner. Raise claimTimeoutMs if this happens to a healthy process.',
  );
}

/** "in/0-3 are processed by another process: process 12 on host h, running since …" */
function takenBy(
  entries: readonly OwnedPartition[],
  { is, are, how }: { readonly is: string; readonly are: string; readonly how: string },
): string {
  const owners = ownersOf(entries);
  const [first] = owners.keys();
  const verb = entries.length === 1 ? is : are;
  return owners.size === 1
    ? `${listPartitions(entries)} ${verb} ${how}: ${first ?? ''}`
    : `${entries.length} partitions ${verb} ${how}: ${listed(owners)}`;
}

/** More would bury the remedy behind them. */
const MOST_OWNERS = 5;

/** "in/0-3: process 12 on host h, running since …; in/4: …" */
export function byOwner(entries: readonly OwnedPartition[]): string {
  return listed(ownersOf(entries));
}

function listed(owners: ReadonlyMap<string, readonly TopicPartition[]>): string {
  const named = [...owners].slice(0, MOST_OWNERS);
  const more = owners.size - named.length;
  return [
    ...named.map(([who, partitions]) => `${listPartitions(partitions)}: ${who}`),
    ...(more > 0 ? [`and ${more} more ${more === 1 ? 'process' : 'processes'}`] : []),
  ].join('; ');
}

function ownersOf(entries: readonly OwnedPartition[]): ReadonlyMap<string, readonly TopicPartition[]> {
  const owners = new Map<string, TopicPartition[]>();
  for (const { topic, partition, record, isUnheard } of entries) {
    const who = `${describeOwner(record)}${isUnheard === true ? ', which has shown no sign of life yet' : ''}`;
    const partitions = owners.get(who);
    if (partitions === undefined) owners.set(who, [{ topic, partition }]);
    else partitions.push({ topic, partition });
  }
  return owners;
}
