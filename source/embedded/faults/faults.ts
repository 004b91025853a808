import type { Partition } from '../logs/partition.ts';
import { RequestFaults, type FaultsOptions } from './request-faults.ts';

/** What is done to a transactional id. */
export type TransactionDamage = 'abort' | 'fence' | 'hang' | 'expire';

/** What of the cluster faults may damage; all of it throws for what does not exist. */
export interface Damageable {
  partition(topic: string, partition: number): Partition;
  /** The nodes that have a copy of the partition and run. */
  liveReplicas(partition: Partition): readonly number[];
  recreateTopic(topic: string): void;
  /** How many members of the group lost their sessions. */
  expireMembers(groupId: string, memberId: string | undefined): number;
  /** Returns what stands against it; undefined: it is done. */
  damageTransaction(transactionalId: string, damage: TransactionDamage): string | undefined;
}

/** Damage beyond requests. */
export interface DamageOptions extends FaultsOptions {
  readonly cluster: Damageable;
  /** Takes a note for the journal. */
  readonly note: (text: string) => void;
  /** Of a problem with an argument. */
  readonly error: (problem: string) => Error;
}

/**
 * Makes the embedded cluster misbehave: towards chosen requests, and by itself, as clusters do that
 * lose a disk, a network or their memory.
 */
export class Faults extends RequestFaults {
  readonly #options: DamageOptions;

  constructor(options: DamageOptions) {
    super(options);
    this.#options = options;
  }

  /**
   * Loses records that were acked: the batch that holds `offset` and all that follow, as when a copy
   * that lacked them becomes the leader (unclean leader election). Another node leads if one has a
   * copy, with a new leader epoch; committed offsets stay as they are.
   *
   * @returns the new end of the log
   * @throws ConfigError
   */
  truncate(topic: string, partition: number, offset: number): number {
    const { cluster, note, error } = this.#options;
    const found = cluster.partition(topic, partition);
    const { startOffset, endOffset } = found.log;
    if (!Number.isInteger(offset) || offset < startOffset || offset > endOffset) {
      throw error(
        `${topic}/${partition} can be truncated to an offset from ${startOffset} to ${endOffset}, not ${offset}`,
      );
    }
    const live = cluster.liveReplicas(found);
    const end = found.truncate(offset, live.find((node) => node !== found.leader) ?? found.leader);
    note(`truncate ${topic}/${partition} to ${end}`);
    return end;
  }

  /**
   * Deletes a topic and creates it again as it was, without records: it has another topic id, and
   * what groups had committed for it is gone.
   *
   * @throws ConfigError if there is no such topic
   */
  recreateTopic(topic: string): void {
    this.#options.cluster.recreateTopic(topic);
    this.#options.note(`recreate ${topic}`);
  }

  /**
   * The session of a member of a group ends, as if it had sent no heartbeat for too long: the others
   * share its partitions, and it is an unknown member from now on.
   *
   * @param memberId default: all members
   * @throws ConfigError if there is no such member
   */
  expireMember(groupId: string, memberId?: string): void {
    const expired = this.#options.cluster.expireMembers(groupId, memberId);
    if (expired === 0)
      throw this.#options.error(
        `group '${groupId}' has no member${memberId === undefined ? 's' : ` '${memberId}'`} whose session could expire`,
      );
    this.#options.note(`expire ${memberId ?? 'all members'} of group ${groupId}`);
  }

  /**
   * A partition forgets all producer ids with their epochs and sequences, as when they expire
   * (`producer.id.expiration.ms`): what is sent again is not known as a duplicate.
   *
   * @throws ConfigError
   */
  expireProducers(topic: string, partition: number): void {
    this.#options.cluster.partition(topic, partition).forgetProducers();
    this.#options.note(`expire producers of ${topic}/${partition}`);
  }

  /**
   * The coordinator aborts an open transaction, as when its time is up: the epoch is raised, and the
   * owner is told so at its next request (PRODUCER_FENCED, or INVALID_PRODUCER_EPOCH).
   *
   * @throws ConfigError if the id has no open transaction
   */
  abortTransaction(transactionalId: string): void {
    this.#damage(transactionalId, 'abort');
  }

  /**
   * A transactional id is taken over, as by InitProducerId of another process: its owner is fenced for
   * good, and an open transaction is aborted.
   *
   * @throws ConfigError if nobody has asked for the id
   */
  fenceTransactionalId(transactionalId: string): void {
    this.#damage(transactionalId, 'fence');
  }

  /**
   * The coordinator forgets an open transaction, which stays open in its partitions for ever: readers
   * of committed records wait behind it, until somebody ends it there (WriteTxnMarkers).
   *
   * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-664
   * @throws ConfigError if the id has no open transaction
   */
  hangTransaction(transactionalId: string): void {
    this.#damage(transactionalId, 'hang');
  }

  /**
   * The coordinator forgets a transactional id, as when it was not used for
   * `transactional.id.expiration.ms`: its owner is told INVALID_PRODUCER_ID_MAPPING.
   *
   * @throws ConfigError if nobody has asked for the id, or it has an open transaction
   */
  expireTransactionalId(transactionalId: string): void {
    this.#damage(transactionalId, 'expire');
  }

  #damage(transactionalId: string, damage: TransactionDamage): void {
    const problem = this.#options.cluster.damageTransaction(transactionalId, damage);
    if (problem !== undefined) throw this.#options.error(`transactional id '${transactionalId}' ${problem}`);
    this.#options.note(`${damage} transactional id ${transactionalId}`);
  }
}
