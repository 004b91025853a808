import type { OffsetToCommit } from '../../kafka/group-offsets.ts';
import type { RecordAccumulator } from '../../kafka/sink.ts';
import type {
  EncodedRecords,
  TransactionalProducer,
  TransactionalProducerOptions,
  TransactionFailure,
  TransactionOutput,
} from '../../kafka/transactions.ts';
import { BrokerError, KasperError, LifecycleError, ProduceError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { FakeAccumulator, type FakePile } from './fake-accumulator.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeCall } from './fake-requests.ts';
import { type FakeAsker, FakeSink } from './fake-sink.ts';

/**
 * Transactions of one id. Each request is asked twice: what an interceptor of its name throws keeps it
 * from being done, and of its name with `Answered`, such as `endTxnAnswered`, loses the answer.
 */
export class FakeTransactionalProducer implements TransactionalProducer {
  readonly transactionalId: string;
  readonly #cluster: FakeCluster;
  readonly #client: FakeAsker;
  readonly #sink: FakeSink;
  #epoch = 0;

  constructor(cluster: FakeCluster, client: FakeAsker, { transactionalId }: TransactionalProducerOptions) {
    this.transactionalId = transactionalId;
    this.#cluster = cluster;
    this.#client = client;
    this.#sink = new FakeSink(cluster, client);
  }

  async init(as: 'newcomer' | 'owner'): Promise<TransactionFailure | undefined> {
    try {
      await this.#client.ask({ name: 'initTransactionalId' });
    } catch (error) {
      return { outcome: 'refused', error: error as KasperError };
    }
    const { transactions } = this.#cluster;
    // As after a transaction whose time was over: the epoch is another one, and nobody has taken it.
    const isOwner = transactions.owns(this.transactionalId, this.#epoch) || this.#isTimedOut;
    if (as === 'owner' && !isOwner) return { outcome: 'fenced', error: producerFenced(this.transactionalId) };
    this.#epoch = transactions.take(this.transactionalId);
    return undefined;
  }

  addPartitions(partitions: readonly TopicPartition[]): Promise<TransactionFailure | undefined> {
    return this.#ask({ name: 'addPartitions' }, () => {
      this.#cluster.transactions.add(this.transactionalId, partitions);
    });
  }

  addOffsets(groupId: string): Promise<TransactionFailure | undefined> {
    return this.#ask({ name: 'addOffsets', groupId }, () => {
      this.#cluster.transactions.add(this.transactionalId, []);
    });
  }

  commitOffsets(
    groupId: string,
    offsets: readonly OffsetToCommit[],
  ): Promise<TransactionFailure | undefined> {
    return this.#ask({ name: 'commit', groupId, offsets }, () => {
      for (const { topic, partition, offset } of offsets)
        for (const interceptor of this.#cluster.interceptorsOf('commitOffset'))
          void interceptor({ name: 'commitOffset', topic, partition, offset });
      this.#cluster.transactions.commitOffsets(this.transactionalId, groupId, offsets);
    });
  }

  end(as: 'committed' | 'aborted'): Promise<TransactionFailure | undefined> {
    return this.#ask({ name: 'endTxn' }, () => {
      if (!this.#cluster.transactions.end(this.transactionalId, as))
        throw noTransaction(this.transactionalId);
    });
  }

  partitionCount(topic: string): number | undefined {
    return this.#sink.partitionCount(topic);
  }

  loadTopic(topic: string): Promise<number> {
    return this.#sink.loadTopic(topic);
  }

  accumulator(output: TransactionOutput): RecordAccumulator {
    return new FakeAccumulator({
      keepsSent: true,
      send: async (piles) => {
        const taken = piles.filter(({ records }) => records.length > 0).map(takeAll);
        if (taken.length > 0) await output.send(new FakeRecords(taken));
      },
      cleared: () => {
        output.dropped();
      },
    });
  }

  async produce(records: readonly EncodedRecords[]): Promise<TransactionFailure | undefined> {
    for (const each of records) {
      if (!(each instanceof FakeRecords)) throw new LifecycleError('These records were not encoded here');
      for (const pile of each.partitions) {
        const failure = await this.#send(pile);
        if (failure !== undefined) return failure;
      }
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  /** Whether the epoch was raised without another owner. */
  get #isTimedOut(): boolean {
    return this.#cluster.transactions.timedOut(this.transactionalId, this.#epoch);
  }

  async #send({ topic, partition, records, bytes }: FakePile): Promise<TransactionFailure | undefined> {
    const call = { name: 'produce', topic, partition, count: records.length };
    const failure = await this.#ask(call, () => {
      const { transactions } = this.#cluster;
      if (!transactions.holds(this.transactionalId, { topic, partition }))
        throw noTransaction(this.transactionalId);
      transactions.append(this.transactionalId, { topic, partition }, records);
    });
    if (failure === undefined) {
      this.#client.observer?.onAcked(topic, partition, records.length, bytes);
      this.#cluster.calls.push({ ...call, name: 'produced' });
      return undefined;
    }
    this.#client.observer?.onError('Produce', failure.error, [{ topic, partition }]);
    if (failure.outcome !== 'refused') return failure;
    const failed = [{ topic, partition, records: records.length, error: failure.error }];
    const said = `Records could not be sent: ${topic}/${partition}`;
    return { outcome: 'refused', error: new ProduceError(said, { failed, cause: failure.error }) };
  }

  async #ask(call: FakeCall, act: () => void): Promise<TransactionFailure | undefined> {
    try {
      await this.#client.ask(call);
      if (!this.#cluster.transactions.owns(this.transactionalId, this.#epoch))
        throw producerFenced(this.transactionalId);
      act();
      await this.#client.ask({ ...call, name: `${call.name}Answered` });
      return undefined;
    } catch (thrown) {
      const error = thrown as KasperError;
      return { outcome: isRefusal(error) ? 'refused' : 'unknown', error };
    }
  }
}

/** What one flush has sent. */
class FakeRecords implements EncodedRecords {
  readonly partitions: readonly FakePile[];

  constructor(partitions: readonly FakePile[]) {
    this.partitions = partitions;
  }
}

function takeAll(pile: FakePile): FakePile {
  const { topic, partition, bytes } = pile;
  const records = pile.records.splice(0).map((record) => ({ value: null, ...record }));
  pile.bytes = 0;
  return { topic, partition, bytes, records };
}

/** Codes after which only `init` tells what has become of a transaction. */
const OPEN_CODES: readonly number[] = [45, 47, 48, 49, 59, 90];

/** An answer that is final; a lost connection and a time limit leave it open. */
function isRefusal(error: unknown): boolean {
  if (!KasperError.is(error)) throw error;
  if (error instanceof BrokerError) return !OPEN_CODES.includes(error.brokerCode);
  return !error.retriable;
}

function producerFenced(id: string): BrokerError {
  const options = { brokerCode: 90, brokerError: 'PRODUCER_FENCED', retriable: false };
  return new BrokerError(`Transactional id ${id} has another producer`, options);
}

function noTransaction(id: string): BrokerError {
  const options = { brokerCode: 48, brokerError: 'INVALID_TXN_STATE', retriable: false };
  return new BrokerError(`Transactional id ${id} has no such transaction`, options);
}
