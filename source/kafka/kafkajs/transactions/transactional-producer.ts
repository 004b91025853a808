import { ErrorCodes } from '../../wire/error-codes.ts';
import { ConfigError, type KasperError, LifecycleError, ProduceError } from '../../../kernel/errors.ts';
import { keyOf, listPartitions, type TopicPartition } from '../../../kernel/topic-partition.ts';
import type { OffsetToCommit } from '../../group-offsets.ts';
import type { RecordAccumulator } from '../../sink.ts';
import type {
  EncodedRecords,
  TransactionalProducer,
  TransactionalProducerOptions,
  TransactionFailure,
  TransactionOutput,
} from '../../transactions.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import type { Coordinator } from '../connection/coordinator.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { BatchAccumulator } from '../produce/batch-accumulator.ts';
import { KeptBatches } from './kept-batches.ts';
import { OwnedProducerId } from '../produce/owned-producer-id.ts';
import { KafkajsSink } from '../produce/sink.ts';
import { initTransactionalIdRequest } from '../protocol/init-producer-id.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  type JudgedPartition,
  type TransactionOwner,
  txnOffsetCommitRequest,
} from '../protocol/transaction-requests.ts';
import { CoordinatorCalls, decidingCode, ENDING_BACKOFF, isBrokerCode } from './coordinator-calls.ts';
import { initFailure, leavesOpen } from './transaction-codes.ts';

/** Transactions of one transactional id, over the coordinator's connection and a sink of its own. */
export class KafkajsTransactionalProducer implements TransactionalProducer {
  readonly transactionalId: string;
  readonly #options: TransactionalProducerOptions;
  readonly #coordinator: Coordinator;
  readonly #calls: CoordinatorCalls;
  readonly #producerId: OwnedProducerId;
  readonly #sink: KafkajsSink;

  /** @param connected gives the connection, and throws once the client is closed */
  constructor(
    connected: () => ClusterConnection,
    options: TransactionalProducerOptions,
    signal: AbortSignal,
  ) {
    this.transactionalId = options.transactionalId;
    this.#options = options;
    this.#coordinator = { of: 'transactional id', id: options.transactionalId };
    this.#calls = new CoordinatorCalls(connected, signal);
    this.#producerId = new OwnedProducerId(options.transactionalId);
    const { compression, retryTimeoutMs, topicRefreshMs } = options;
    this.#sink = new KafkajsSink(connected(), {
      idempotent: true,
      compression,
      retryTimeoutMs,
      ...(topicRefreshMs === undefined ? {} : { topicRefreshMs }),
      owned: this.#producerId,
    });
  }

  async init(as: 'newcomer' | 'owner'): Promise<TransactionFailure | undefined> {
    const what = `InitProducerId of transactional id ${this.transactionalId}`;
    const own = as === 'owner' ? this.#producerId.current : undefined;
    const { transactionTimeoutMs, retryTimeoutMs: timeoutMs } = this.#options;
    try {
      const { cluster, signal } = this.#calls;
      const limit = { timeoutMs, what, kind: 'send', signal, backoff: ENDING_BACKOFF } as const;
      const given = await retryLoop(cluster, limit, async () => {
        const request = initTransactionalIdRequest(this.transactionalId, transactionTimeoutMs, own);
        const answer = await this.#calls.once(this.#coordinator, request);
        this.#calls.judge(this.#coordinator, answer.errorCode, what);
        return answer;
      });
      this.#sink.retireProducer();
      this.#producerId.use(given);
      return undefined;
    } catch (thrown) {
      const error = wrapError(thrown, what);
      if (isBrokerCode(error, ErrorCodes.INVALID_TRANSACTION_TIMEOUT))
        return { outcome: 'refused', error: tooLong(transactionTimeoutMs, error) };
      return initFailure(error, as);
    }
  }

  addPartitions(partitions: readonly TopicPartition[]): Promise<TransactionFailure | undefined> {
    return this.#calls.call({
      to: this.#coordinator,
      what: `AddPartitionsToTxn of ${listPartitions(partitions)} for ${this.transactionalId}`,
      request: addPartitionsToTxnRequest(this.#owner(), partitions),
      codeOf: (answer) => codeOf(answer, partitions),
      beforeRepeat: async (code) => {
        if (code !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION) return;
        await this.#calls.cluster.refresh(new Set(partitions.map(({ topic }) => topic)));
      },
      timeoutMs: this.#options.retryTimeoutMs,
    });
  }

  addOffsets(groupId: string): Promise<TransactionFailure | undefined> {
    return this.#calls.call({
      to: this.#coordinator,
      what: `AddOffsetsToTxn of group ${groupId} for ${this.transactionalId}`,
      request: addOffsetsToTxnRequest(this.#owner(), groupId),
      codeOf: (code) => code,
      timeoutMs: this.#options.retryTimeoutMs,
    });
  }

  commitOffsets(
    groupId: string,
    offsets: readonly OffsetToCommit[],
  ): Promise<TransactionFailure | undefined> {
    const places = offsets.map((at) => `${keyOf(at)} at ${at.offset}`).join(', ');
    return this.#calls.call({
      to: { of: 'group', id: groupId },
      what: `TxnOffsetCommit of ${places} in group ${groupId}`,
      request: txnOffsetCommitRequest(this.#owner(), groupId, offsets),
      codeOf: (answer) => codeOf(answer, offsets),
      timeoutMs: this.#options.commitTimeoutMs,
    });
  }

  end(as: 'committed' | 'aborted'): Promise<TransactionFailure | undefined> {
    return this.#calls.call({
      to: this.#coordinator,
      what: `EndTxn of transactional id ${this.transactionalId}`,
      request: endTxnRequest(this.#owner(), as === 'committed'),
      codeOf: (code) => code,
      timeoutMs: this.#options.commitTimeoutMs,
    });
  }

  partitionCount(topic: string): number | undefined {
    return this.#sink.partitionCount(topic);
  }

  loadTopic(topic: string): Promise<number> {
    return this.#sink.loadTopic(topic);
  }

  accumulator(output: TransactionOutput): RecordAccumulator {
    const sink = this.#sink;
    return new BatchAccumulator({
      compression: sink.compression,
      batchBytes: (topic) => sink.batchBytes(topic),
      newBuffer: (topic, partition) => sink.newBuffer(topic, partition),
      keepsSent: true,
      send: (batches) => output.send(new KeptBatches(batches)),
      cleared: () => {
        output.dropped();
      },
    });
  }

  async produce(records: readonly EncodedRecords[]): Promise<TransactionFailure | undefined> {
    const batches = records.flatMap((each) => KeptBatches.of(each));
    try {
      await this.#sink.send(batches, []);
      return undefined;
    } catch (thrown) {
      const error = wrapError(thrown, `Produce for ${this.transactionalId}`);
      return { outcome: hasLeftOpen(error) ? 'unknown' : 'refused', error };
    }
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #owner(): TransactionOwner {
    const { current } = this.#producerId;
    if (current === undefined)
      throw new LifecycleError(`Transactional id ${this.transactionalId} is not owned: await init() first`);
    return { transactionalId: this.transactionalId, ...current };
  }
}

/** Every partition that was asked for must be in the answer. */
function codeOf(answer: readonly JudgedPartition[], asked: readonly TopicPartition[]): number {
  const answers = new PartitionAnswers(answer);
  return decidingCode(asked.map((at) => answers.of(at)?.errorCode));
}

function hasLeftOpen(error: KasperError): boolean {
  if (!(error instanceof ProduceError)) return leavesOpen(error);
  return [...error.failed, ...error.unknown].some((outcome) => leavesOpen(outcome.error));
}

function tooLong(transactionTimeoutMs: number, cause: KasperError): ConfigError {
  return new ConfigError(
    [
      `transactionTimeoutMs (${transactionTimeoutMs} ms) is more than the brokers allow: lower it, or raise their transaction.max.timeout.ms`,
    ],
    { what: 'TopicProcessor options', cause },
  );
}
