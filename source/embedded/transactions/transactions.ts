import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Clock } from '../../kernel/clock.ts';
import { keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';
import { BoundedMemory } from '../bounded-memory.ts';
import type { Groups } from '../groups/groups.ts';
import type { Topics } from '../logs/topics.ts';
import { TransactionMarkers } from './transaction-markers.ts';
import { TransactionalId, initRefused } from './transactional-id.ts';
import type { InitAnswer, ProducerIdentity } from './transactional-id.ts';

/** A broker's `transaction.max.timeout.ms`. */
const MAX_TIMEOUT_MS = 900_000;
/** How many partitions a transaction may have: it is described as a whole. A broker has no limit. */
const MAX_PARTITIONS = 50_000;
/** What all transactional ids may take together, and each of them with its part in partitions and groups. */
const TRANSACTIONS_BYTES = 134_217_728;
const ID_BYTES = 2_048;
const PART_BYTES = 256;

/** What transactions write to, and who gives out producer ids. */
interface TransactionsOptions {
  readonly clock: Clock;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly nextProducerId: () => bigint;
}

/**
 * All transactional ids of the cluster, whichever node coordinates them. All but {@link init} return
 * an error code of Kafka 4.1, in the words of the newest clients: for older ones see
 * `producerErrorFor`.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-98
 */
export class Transactions {
  readonly #ids = new Map<string, TransactionalId>();
  readonly #memory = new BoundedMemory(TRANSACTIONS_BYTES);
  readonly #clock: Clock;
  readonly #nextProducerId: () => bigint;
  readonly #markers: TransactionMarkers;

  constructor(options: TransactionsOptions) {
    this.#clock = options.clock;
    this.#nextProducerId = options.nextProducerId;
    this.#markers = new TransactionMarkers(options);
  }

  get(id: string): TransactionalId | undefined {
    return this.#ids.get(id);
  }

  all(): TransactionalId[] {
    return [...this.#ids.values()];
  }

  /**
   * Makes the caller the owner of an id. An open transaction is aborted first: then the answer is
   * CONCURRENT_TRANSACTIONS, and the caller asks again.
   *
   * @param expected who the caller was until now, if it says so
   */
  init(id: string, timeoutMs: number, expected: ProducerIdentity | undefined): InitAnswer {
    if (id === '') return initRefused(ErrorCodes.INVALID_REQUEST);
    if (timeoutMs <= 0 || timeoutMs > MAX_TIMEOUT_MS) {
      return initRefused(ErrorCodes.INVALID_TRANSACTION_TIMEOUT);
    }
    let known = this.#ids.get(id);
    if (known === undefined) {
      if (!this.#memory.take(ID_BYTES)) return initRefused(ErrorCodes.POLICY_VIOLATION);
      known = new TransactionalId(id, this.#nextProducerId(), timeoutMs);
      this.#ids.set(id, known);
    }
    if (expected !== undefined && !known.mayBe(expected)) return initRefused(ErrorCodes.PRODUCER_FENCED);
    if (known.state === 'Ongoing') this.abort(known);
    else if (!known.isEnding) return known.take(expected, timeoutMs, this.#nextProducerId);
    return initRefused(ErrorCodes.CONCURRENT_TRANSACTIONS);
  }

  /** Adds partitions to the owner's transaction; the first ones begin it. */
  addPartitions(id: string, producer: ProducerIdentity, partitions: readonly TopicPartition[]): number {
    return this.#add(id, producer, (transaction) => {
      const all = transaction.partitions;
      const added = new Map<string, TopicPartition>();
      for (const { topic, partition } of partitions) {
        const key = keyOf({ topic, partition });
        if (!all.has(key)) added.set(key, { topic, partition });
      }
      if (all.size + added.size > MAX_PARTITIONS || !this.#memory.take(added.size * PART_BYTES)) return false;
      for (const [key, partition] of added) all.set(key, partition);
      return true;
    });
  }

  /** Adds the offsets of a group to the owner's transaction, as {@link addPartitions}. */
  addGroup(id: string, producer: ProducerIdentity, groupId: string): number {
    return this.#add(id, producer, ({ groups }) => {
      if (groups.has(groupId)) return true;
      if (!this.#memory.take(PART_BYTES)) return false;
      groups.add(groupId);
      return true;
    });
  }

  /** Ends the owner's transaction. */
  end(id: string, producer: ProducerIdentity, committed: boolean): number {
    if (id === '') return ErrorCodes.INVALID_REQUEST;
    const known = this.#ids.get(id);
    if (known === undefined) return ErrorCodes.INVALID_PRODUCER_ID_MAPPING;
    const code = known.check(producer);
    if (code !== ErrorCodes.NONE) return code;
    switch (known.state) {
      case 'Ongoing':
        this.#end(known, committed);
        return ErrorCodes.NONE;
      case 'Empty':
        return ErrorCodes.INVALID_TXN_STATE;
      // Again, because an answer was lost.
      case 'CompleteCommit':
        return committed ? ErrorCodes.NONE : ErrorCodes.INVALID_TXN_STATE;
      case 'CompleteAbort':
        return committed ? ErrorCodes.INVALID_TXN_STATE : ErrorCodes.NONE;
      case 'PrepareCommit':
        return committed ? ErrorCodes.CONCURRENT_TRANSACTIONS : ErrorCodes.INVALID_TXN_STATE;
      case 'PrepareAbort':
        return committed ? ErrorCodes.INVALID_TXN_STATE : ErrorCodes.CONCURRENT_TRANSACTIONS;
    }
  }

  /** Whether the owner's transaction may write to a partition. */
  checkPartition(id: string, producer: ProducerIdentity, partition: TopicPartition): number {
    return this.#checkPart(id, producer, ({ partitions }) => partitions.has(keyOf(partition)));
  }

  /** Whether the owner's transaction may commit offsets of a group. */
  checkGroup(id: string, producer: ProducerIdentity, groupId: string): number {
    return this.#checkPart(id, producer, ({ groups }) => groups.has(groupId));
  }

  /** Aborts an open transaction under a raised epoch, so that its owner is fenced. */
  abort(transaction: TransactionalId): void {
    if (transaction.state !== 'Ongoing') return;
    transaction.fence();
    this.#end(transaction, false);
  }

  /**
   * Gives an id to another producer, which does nothing with it: its owner is fenced for good, and an
   * open transaction is aborted.
   */
  takeOver(known: TransactionalId): void {
    const take = () => void known.take(undefined, known.timeoutMs, this.#nextProducerId);
    this.abort(known);
    if (known.isEnding) known.onEnded = take;
    else take();
  }

  /** Forgets an open transaction without ending it: in its partitions it stays open. */
  hang(known: TransactionalId): void {
    known.limit?.cancel();
    this.#release(known);
    known.state = 'Empty';
  }

  /** Forgets an id that has no open transaction. */
  forget({ id }: TransactionalId): void {
    if (this.#ids.delete(id)) this.#memory.give(ID_BYTES);
  }

  close(): void {
    for (const { limit } of this.#ids.values()) limit?.cancel();
    this.#markers.close();
    this.#ids.clear();
  }

  /** @param add returns whether there is memory for it */
  #add(id: string, producer: ProducerIdentity, add: (transaction: TransactionalId) => boolean): number {
    if (id === '') return ErrorCodes.INVALID_REQUEST;
    const known = this.#ids.get(id);
    if (known === undefined) return ErrorCodes.INVALID_PRODUCER_ID_MAPPING;
    const code = known.check(producer);
    if (code !== ErrorCodes.NONE) return code;
    if (known.isEnding) return ErrorCodes.CONCURRENT_TRANSACTIONS;
    if (!add(known)) return ErrorCodes.POLICY_VIOLATION;
    if (known.state !== 'Ongoing') {
      known.state = 'Ongoing';
      known.startedAt = this.#clock.wallNow();
      known.limit = this.#clock.after(known.timeoutMs, () => {
        this.abort(known);
      });
    }
    return ErrorCodes.NONE;
  }

  #checkPart(
    id: string,
    producer: ProducerIdentity,
    holds: (transaction: TransactionalId) => boolean,
  ): number {
    const known = this.#ids.get(id);
    if (known === undefined) return ErrorCodes.INVALID_PRODUCER_ID_MAPPING;
    const code = known.check(producer);
    if (code !== ErrorCodes.NONE) return code;
    if (known.isEnding) return ErrorCodes.CONCURRENT_TRANSACTIONS;
    return holds(known) ? ErrorCodes.NONE : ErrorCodes.INVALID_TXN_STATE;
  }

  #end(transaction: TransactionalId, committed: boolean): void {
    transaction.limit?.cancel();
    transaction.state = committed ? 'PrepareCommit' : 'PrepareAbort';
    this.#markers.write(transaction, committed, () => {
      transaction.state = committed ? 'CompleteCommit' : 'CompleteAbort';
      this.#release(transaction);
      const { onEnded } = transaction;
      transaction.onEnded = undefined;
      onEnded?.();
    });
  }

  /** The transaction has no parts any more. */
  #release({ partitions, groups }: TransactionalId): void {
    this.#memory.give((partitions.size + groups.size) * PART_BYTES);
    partitions.clear();
    groups.clear();
  }
}

/**
 * The code for a client that knows PRODUCER_FENCED only from one version of its request on: older
 * ones are told INVALID_PRODUCER_EPOCH.
 */
export function producerErrorFor(code: number, version: number, knownFrom: number): number {
  return code === ErrorCodes.PRODUCER_FENCED && version < knownFrom
    ? ErrorCodes.INVALID_PRODUCER_EPOCH
    : code;
}
