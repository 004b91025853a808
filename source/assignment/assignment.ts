import type { GroupOffsets } from '../kafka/group-offsets.ts';
import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { OwnershipGuard } from './ownership-guard.ts';
import type { OwnerIdentity } from './owner-identity.ts';

/** Decides which partitions a run has, and proves that it still has them. */
export interface Assignment {
  /**
   * Takes partitions and hands them to their owner by {@link PartitionsOwner.gained}. A static
   * assignment resolves when all of them were handed over.
   *
   * @throws AssignmentError that names who has them
   */
  open(owner: PartitionsOwner): Promise<void>;
  /** What {@link open} waits for, in words, while others have the partitions; else undefined. */
  readonly waitsFor: string | undefined;
  /** Asked before each batch, each flush of a store and each commit. */
  readonly guard: OwnershipGuard;
  /** Through which committed offsets are read and written. */
  readonly offsets: GroupOffsets;
  /**
   * Kafka's id of the topic in which the committed offset is known to be: another id now means that
   * the topic was recreated since. undefined where nobody knows.
   */
  topicIdOf(at: TopicPartition): string | undefined;
  /** The committed offsets are in the topics of these ids from now on. */
  noteTopicIds(committed: readonly (TopicPartition & { readonly topicId: string | undefined })[]): void;
  /**
   * This run as stores know it, once partitions were gained; undefined where nobody knows of owners
   * before it.
   */
  readonly identity: OwnerIdentity | undefined;
  /** Nothing of the former owners can be written to stores any more. */
  noteFenced(): void;
  /** A write to a store was given up that may still be carried out. */
  noteUnsure(): void;
  /**
   * Gives back everything. What fails is logged: then the next owner has to wait.
   *
   * @param withinMs for how long that may take; 0 leaves everything as it is, since work may still
   *   be in process
   */
  close(withinMs: number): Promise<void>;
}

/** Who processes the partitions of an assignment. */
export interface PartitionsOwner {
  /** These partitions are this run's from now on. Resolves when they are ready to be read. */
  gained(partitions: readonly TopicPartition[]): Promise<void>;
  /** Finishes the batches in process, commits them and lets these partitions go. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Somebody else has these partitions, or nobody can know: nothing more of them is committed. */
  lost(partitions: readonly TopicPartition[], error: KasperError): void;
}
