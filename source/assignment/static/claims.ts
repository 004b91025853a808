import { randomUUID } from 'node:crypto';
import type { OwnerIdentity } from '../owner-identity.ts';
import type { OwnershipGuard } from '../ownership-guard.ts';
import { CommittedTopicIds } from './committed-topic-ids.ts';
import type { ClaimsOptions } from './claims-options.ts';
import { FormerOwners } from './former-owners.ts';
import { releaseClaims } from './release-claims.ts';
import type { ClaimRecord } from './claim-record.ts';
import {
  ClaimEntries,
  toClaimError,
  type ClaimEntry,
  type ClaimsReading,
  type ClaimToWrite,
  type Moment,
} from './claim-entries.ts';
import { othersWrote, SETTLE_MS, slowError, writeSeen, type ClaimWrites } from './claim-writes.ts';
import { ClaimsWatch, fencedError, heldError, logGone } from './other-owners.ts';
import { ClosedWhileWaiting } from '../../kernel/closed-while-waiting.ts';
import { backoffMs } from '../../kernel/backoff.ts';
import { sleep, type Timer } from '../../kernel/clock.ts';
import type { KasperError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';

/** How often the entries of another owner are read while it is watched. */
const WATCH_EVERY_MS = 500;
const BEAT_EVERY_MS = 3_000;
/** How soon a beat that could not be written is tried again. */
const BEAT_AGAIN_MS = 1_000;
/** A reading that is older does not prove any more that the partitions are ours. */
const FRESH_MS = 5_000;
/** A close that has all the time in the world does not wait longer for the release. */
const RELEASE_WITHIN_MS = 5_000;

/**
 * One run's claim on its partitions, which reveals processes of one name that were given the same
 * partition. The entries are offsets of a group of their own: the offset is a beat, the metadata
 * says who the owner is.
 *
 * 1. {@link take} reads all entries. Those of an owner that may live are watched until they move,
 *    which is an AssignmentError, or were still for `claimTimeoutMs`. Then all own entries are
 *    written: in one request, or, where one cannot hold them, the first part alone, and the others
 *    when it is certain that nobody else has written that one.
 * 2. After a pause they are read again: of two that started at the same time, the last writer has
 *    them. Only then batches may begin.
 * 3. Every 3 s they are read, and one of them, the anchor, is raised.
 * 4. {@link check} has them read first where that is longer ago than 5 s.
 * 5. {@link close} marks them as released.
 *
 * Best effort: Kafka has no compare-and-set for offsets.
 */
export class Claims implements OwnershipGuard {
  readonly #options: ClaimsOptions;
  readonly #entries: ClaimEntries;
  readonly #owner = randomUUID();
  readonly #former = new FormerOwners();
  #isUnsure = false;
  readonly #startedAt: string;
  readonly #topicIds = new CommittedTopicIds();
  #beat = 1;
  /** When the last reading was asked for that showed no other owner. */
  #readAt: Moment | undefined;
  /** When all own entries were written. */
  #wroteAllAt = Number.NEGATIVE_INFINITY;
  #hasWritten = false;
  #confirming: Promise<void> | undefined;
  #confirmed = false;
  #reading: Promise<ClaimsReading> | undefined;
  #timer: Timer | undefined;
  #failure: KasperError | undefined;
  #closed: Promise<void> | undefined;
  /** While {@link take} waits whether other owners live. */
  isWatching = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#entries = new ClaimEntries(options.offsets, options.clock);
    this.#startedAt = new Date(options.clock.wallNow()).toISOString();
  }

  /** This run as stores know it, once {@link take} has resolved. */
  get identity(): OwnerIdentity {
    return { id: this.#owner, fence: this.#former.nextFence, former: this.#former.ids };
  }

  /** Nothing of the former owners can be written to stores any more: the entries need not name them. */
  noteFenced(): void {
    if (this.#former.clear()) this.#wroteAllAt = Number.NEGATIVE_INFINITY;
  }

  /** A write was given up that may still be carried out: the next owner has to keep it out. */
  noteUnsure(): void {
    this.#isUnsure = true;
  }

  /**
   * The id of the topic in which the committed offset is, as the owner before this one left it:
   * another one than the topic has now means that the topic was recreated since. undefined where
   * nobody owned the partition before, or the broker did not report it.
   */
  topicId(topic: string, partition: number): string | undefined {
    return this.#topicIds.of({ topic, partition });
  }

  /**
   * The committed offsets are now in the topics of these ids: the entries say so from the next beat
   * on.
   */
  noteTopicIds(committed: readonly (TopicPartition & { readonly topicId: string | undefined })[]): void {
    if (this.#topicIds.note(committed)) this.#wroteAllAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes the partitions, as far as can be known immediately: offsets may be read and records
   * fetched when this resolves. {@link check} says when batches may begin; until then nothing may
   * be committed either.
   *
   * @throws AssignmentError that names the owner, if one lives; ClosedWhileWaiting; what the claims
   *   group's coordinator answered
   */
  async take(): Promise<void> {
    const {
      clock,
      logger,
      partitions,
      process,
      instanceId,
      claimTimeoutMs,
      retryTimeoutMs,
      isAlive,
      heldBy,
    } = this.#options;
    const watch = new ClaimsWatch({
      partitions,
      self: { ...process, owner: this.#owner, instanceId },
      claimTimeoutMs,
      isAlive,
      heldBy,
    });
    let failures = 0;
    let failingSince: number | undefined;
    for (;;) {
      const seen = await this.#entries.read(watch.wanted);
      this.#throwIfClosing();
      const gone = watch.look(seen);
      this.isWatching = gone === undefined;
      if (gone === undefined) {
        await this.#pause(WATCH_EVERY_MS);
        continue;
      }
      this.#adopt(seen.entries);
      try {
        const { outcome, late } = await this.#writeFirst(seen);
        this.#throwIfClosing();
        if (outcome === 'slow') throw slowError(partitions.length);
        if (outcome === 'changed') continue;
        logGone(logger, gone, claimTimeoutMs);
        this.#confirming = this.#confirm(late);
      } catch (thrown) {
        this.#throwIfClosing();
        const error = toClaimError(thrown);
        failingSince ??= clock.now();
        if (!error.retriable || clock.now() - failingSince >= retryTimeoutMs) throw error;
        await this.#pause(backoffMs({ initialMs: 50, maxMs: 1000 }, failures++));
        continue;
      }
      // Those who wait in check() are told as well.
      this.#confirming.catch(() => undefined);
      return;
    }
  }

  async checkNow(): Promise<void> {
    await this.#makeSure();
    // One in flight may have begun before this was asked.
    await this.#reading;
    await this.#readOwn();
  }

  check(): Promise<void> | undefined {
    return this.#confirmed && this.#failure === undefined && this.#isFresh() ? undefined : this.#makeSure();
  }

  /**
   * Ends the claims; with time left, and unless another process has taken over, the entries are
   * marked as released. What goes wrong is logged: then the next owner has to wait until this one
   * counts as gone.
   *
   * @param withinMs how long that may take; 0 leaves the entries as they are, since work may still
   *   be in process
   */
  close(withinMs: number): Promise<void> {
    this.#closed ??= this.#close(Math.min(withinMs, RELEASE_WITHIN_MS));
    return this.#closed;
  }

  /** Writes all entries that were seen free. */
  async #writeFirst(seen: ClaimsReading): Promise<ClaimWrites> {
    this.#hasWritten = true;
    const owner = this.#owner;
    const [first = [], ...others] = this.#entries.parts(this.#toWrite());
    let writes = await writeSeen(this.#entries, [first], { seen, owner });
    if (writes.outcome === 'written' && others.length > 0) {
      // Otherwise two that start in the same moment might each have some parts, and both be refused.
      await this.#settle(writes.late);
      const settled = await this.#entries.read(this.#options.partitions);
      if (othersWrote(settled, seen, owner)) return { outcome: 'changed', late: false };
      writes = await writeSeen(this.#entries, others, { seen: settled, owner });
    }
    if (writes.outcome === 'written') this.#wroteAllAt = this.#options.clock.now();
    return writes;
  }

  /**
   * Waits until everyone else who might have seen the entries free has written theirs.
   *
   * @param late an entry may have come in so late that another one had looked before, and owns it
   *   by now. It reads again after FRESH_MS at the latest
   */
  #settle(late: boolean): Promise<void> {
    return this.#pause(late ? FRESH_MS : SETTLE_MS);
  }

  /** Looks who was the last to write. */
  async #confirm(late: boolean): Promise<void> {
    await this.#settle(late);
    await this.#readOwn();
    this.#confirmed = true;
    this.#beatIn(BEAT_EVERY_MS);
  }

  async #makeSure(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#confirming;
    while (!this.#isFresh()) await this.#readOwn();
  }

  #isFresh(): boolean {
    return this.#readAt !== undefined && this.#entries.age(this.#readAt) <= FRESH_MS;
  }

  /** All who ask while a reading is in flight share it; it counts from when it began. */
  #readOwn(): Promise<ClaimsReading> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<ClaimsReading> {
    if (this.#failure !== undefined) throw this.#failure;
    let reading: ClaimsReading;
    try {
      reading = await this.#entries.read(this.#options.partitions);
    } catch (error) {
      throw this.#fail(toClaimError(error));
    }
    const foreign = reading.entries.filter((entry) => this.#isForeign(entry));
    const { heldBy = heldError } = this.#options;
    if (foreign.length > 0) throw this.#fail(this.#confirmed ? fencedError(foreign) : heldBy(foreign));
    // Deleted by a tool, or expired: written again with the next beat.
    if (reading.entries.some(({ beat }) => beat === undefined)) this.#wroteAllAt = Number.NEGATIVE_INFINITY;
    this.#readAt = reading.at;
    return reading;
  }

  #isForeign({ beat, record }: ClaimEntry): boolean {
    return beat !== undefined && record?.owner !== this.#owner;
  }

  #beatIn(ms: number): void {
    if (this.#closed !== undefined || this.#failure !== undefined) return;
    this.#timer = this.#options.clock.after(ms, () => {
      void this.#beatNow().then((nextMs) => {
        this.#beatIn(nextMs);
      });
    });
  }

  /**
   * Reads, so that nobody else's entry is overwritten, and raises the anchor, or from time to time
   * all entries. Returns after how many ms to beat again.
   */
  async #beatNow(): Promise<number> {
    const { clock, logger, offsetRefreshMs } = this.#options;
    try {
      const seen = await this.#readOwn();
      if (this.#closed !== undefined) return BEAT_EVERY_MS;
      const isRefresh = clock.now() - this.#wroteAllAt >= offsetRefreshMs;
      const { partitions } = this.#options;
      const parts = this.#entries.parts(this.#toWrite(isRefresh ? partitions : partitions.slice(0, 1)));
      const { outcome } = await writeSeen(this.#entries, parts, { seen, owner: this.#owner });
      // Whoever has written one of them meanwhile is read now.
      if (outcome === 'changed') await this.#readOwn();
      if (outcome !== 'written') return BEAT_AGAIN_MS;
      if (isRefresh) this.#wroteAllAt = clock.now();
      return BEAT_EVERY_MS;
    } catch (thrown) {
      const error = toClaimError(thrown);
      if (this.#failure === undefined && !error.retriable) this.#fail(error);
      if (this.#failure === undefined)
        logger.warn('The claims could not be renewed yet; trying again', { error: error.message });
      return BEAT_AGAIN_MS;
    }
  }

  /** The own entries of these partitions with their next beat; the first of all is the anchor. */
  #toWrite(written = this.#options.partitions): ClaimToWrite[] {
    const { partitions, topics, process, instanceId } = this.#options;
    const { host, pid, pidNamespace } = process;
    const beat = this.#beat++;
    const anchor = partitions[0] as TopicPartition;
    return written.map(({ topic, partition }) => {
      const topicId = this.#topicIds.of({ topic, partition }) ?? topics.get(topic)?.topicId;
      const unfenced = [...this.#former.of({ topic, partition }), ...(this.#isUnsure ? [this.#owner] : [])];
      const record: ClaimRecord = {
        v: 1,
        owner: this.#owner,
        ...(instanceId === undefined ? {} : { instanceId }),
        host,
        pid,
        ...(pidNamespace === undefined ? {} : { pidNamespace }),
        startedAt: this.#startedAt,
        ...(topicId === undefined ? {} : { topicId }),
        anchor: { topic: anchor.topic, partition: anchor.partition },
        fence: this.#former.nextFence,
        ...(unfenced.length === 0 ? {} : { unfenced }),
      };
      return { topic, partition, beat, record };
    });
  }

  /**
   * Keeps what the owners before this one left, and continues above their beats, so that everyone
   * who watches sees them move.
   */
  #adopt(entries: readonly ClaimEntry[]): void {
    const { partitions, clock } = this.#options;
    this.#former.adopt(entries, { own: this.#owner, partitions, nowMs: clock.wallNow() });
    this.#topicIds.adopt(entries, this.#owner);
    for (const { beat } of entries) this.#beat = Math.max(this.#beat, (beat ?? 0) + 1);
  }

  /** The first failure ends the claims; all who ask later get the same. */
  #fail(error: KasperError): KasperError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = error;
    this.#timer?.cancel();
    const { owner, partitions } = this.#options;
    if (this.#closed === undefined) owner.lost(partitions, error);
    return error;
  }

  async #close(withinMs: number): Promise<void> {
    const { partitions, clock, logger } = this.#options;
    this.#timer?.cancel();
    if (!this.#hasWritten || this.#failure?.code === 'FENCED') return;
    if (withinMs <= 0) {
      logger.warn('The claims are not released, since work may still be in process');
      return;
    }
    try {
      await releaseClaims(this.#entries, {
        owner: this.#owner,
        partitions,
        toWrite: () => this.#toWrite(),
        clock,
        withinMs,
      });
    } catch (error) {
      logger.warn('The claims could not be released; the next owner has to wait for claimTimeoutMs', {
        error,
      });
    }
  }

  /** Waits, unless the processor closes. */
  async #pause(ms: number): Promise<void> {
    const { clock, closing } = this.#options;
    try {
      await sleep(clock, ms, closing);
    } catch {
      // Only the signal cuts a sleep short.
      this.#throwIfClosing();
    }
  }

  #throwIfClosing(): void {
    const { closing } = this.#options;
    if (closing.aborted) {
      throw new ClosedWhileWaiting('The processor closed before its partitions were claimed', {
        cause: closing.reason,
      });
    }
  }
}
