import { parseClaim, type ClaimRecord } from './claim-record.ts';
import type { CommitResult, GroupOffsets, OffsetToCommit } from '../../kafka/group-offsets.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AssignmentError, type KasperError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { toKasperError } from '../../kernel/to-kasper-error.ts';

/**
 * A moment by both clocks: the monotonic one may stand still while the machine is suspended, the
 * wall clock may be set.
 */
export interface Moment {
  readonly mono: number;
  readonly wall: number;
}

/** What the claims group holds for one topic-partition. */
export interface ClaimEntry extends TopicPartition {
  /** The offset; undefined where there is no entry. */
  readonly beat: number | undefined;
  /** undefined where there is no entry, and where it cannot be read. */
  readonly record: ClaimRecord | undefined;
}

/** All entries that were asked for, as they were at some time after `at`. */
export interface ClaimsReading {
  /**
   * When the request was made: what came after it may be missing, however late the answer was
   * noticed.
   */
  readonly at: Moment;
  readonly entries: readonly ClaimEntry[];
}

/** An entry to write. */
export interface ClaimToWrite extends TopicPartition {
  readonly beat: number;
  readonly record: ClaimRecord;
}

/** Reads and writes the entries of one claims group (OffsetFetch, OffsetCommit). */
export class ClaimEntries {
  readonly #offsets: GroupOffsets;
  readonly #clock: Clock;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(offsets: GroupOffsets, clock: Clock) {
    this.#offsets = offsets;
    this.#clock = clock;
  }

  now(): Moment {
    return { mono: this.#clock.now(), wall: this.#clock.wallNow() };
  }

  /**
   * Milliseconds since a moment, by the clock that says more. A wall clock that was set back says
   * nothing: that counts as very long.
   */
  age({ mono, wall }: Moment): number {
    const byWall = this.#clock.wallNow() - wall;
    return byWall < 0 ? Number.POSITIVE_INFINITY : Math.max(this.#clock.now() - mono, byWall);
  }

  /** Entries in the order of `partitions`. @throws as {@link GroupOffsets.fetch} */
  async read(partitions: readonly TopicPartition[]): Promise<ClaimsReading> {
    const at = this.now();
    const offsets = await this.#offsets.fetch(partitions);
    // All entries that one owner wrote for a topic are the same text, and there may be thousands.
    let text: string | undefined;
    let record: ClaimRecord | undefined;
    const entries = offsets.map(({ topic, partition, offset, metadata }): ClaimEntry => {
      if (metadata !== text) record = parseClaim(metadata);
      text = metadata;
      return { topic, partition, beat: offset, record: offset === undefined ? undefined : record };
    });
    return { at, entries };
  }

  /** What one request each can hold, in order. */
  parts(claims: readonly ClaimToWrite[]): (readonly OffsetToCommit[])[] {
    return this.#offsets.parts(
      claims.map(({ topic, partition, beat, record }) => ({
        topic,
        partition,
        offset: beat,
        leaderEpoch: -1,
        metadata: JSON.stringify(record),
      })),
    );
  }

  /**
   * One request. @throws the error of an entry that was not stored, rather one that is final;
   * others may be stored
   */
  async write(part: readonly OffsetToCommit[]): Promise<void> {
    const answer = this.#offsets.commit(part);
    // A write that failed is over, too; its error is for the caller.
    this.#writing = answer.catch(() => undefined);
    const error = worst(await answer);
    if (error !== undefined) throw error;
  }

  /** Resolves when no write is in flight. */
  async written(): Promise<void> {
    await this.#writing;
  }
}

/** What a port threw, as an error that says whether trying again makes sense. */
export function toClaimError(error: unknown): KasperError {
  return toKasperError(error, (text, options) => new AssignmentError(text, options));
}

function worst(results: readonly CommitResult[]): KasperError | undefined {
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return errors.find(({ retriable }) => !retriable) ?? errors[0];
}
