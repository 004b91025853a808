import { metricDefinitions } from '../../metrics/definitions.ts';
import type { CounterChild, MetricsProvider, ObserverChild } from '../../metrics/metrics.ts';
import type { BatchReport, BatchStep } from '../batch-report.ts';
import type { MetricsGuard } from './metrics-guard.ts';
import type { BatchTrigger } from '../message-processor.ts';
import { messageOutcomes, noTally, type MessageOutcome } from '../message-tally.ts';
import type { TransactionOutcome } from '../stats.ts';
import { TopicPartitionChildren } from './topic-partition-children.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** What of a processor can fail and be tried again. */
export type FailingPart = 'commit' | 'produce' | 'fetch';

/**
 * Counts and times what a processor does, per batch and per request; label values are bound once.
 */
export class ProcessorMetrics {
  readonly #consumed: TopicPartitionChildren<CounterChild>;
  readonly #consumedBytes: CounterChild;
  readonly #produced: TopicPartitionChildren<CounterChild>;
  readonly #producedBytes: CounterChild;
  readonly #repeated: CounterChild;
  readonly #messages: Readonly<Record<MessageOutcome, CounterChild>>;
  readonly #batches: Readonly<Record<BatchTrigger, CounterChild>>;
  readonly #batchRecords: ObserverChild;
  readonly #batchBytes: ObserverChild;
  readonly #seconds: Readonly<Record<BatchStep, ObserverChild>>;
  readonly #errors: Readonly<Record<FailingPart, (code: string) => CounterChild>>;
  readonly #requestSeconds: (api: string) => ObserverChild;
  readonly #reconnects: CounterChild;
  readonly #transactions: () => TransactionMetrics;
  readonly #guard: MetricsGuard;

  constructor(provider: MetricsProvider, name: string, guard: MetricsGuard) {
    this.#guard = guard;
    const of = metricDefinitions;
    const consumed = provider.newCounter(of.recordsConsumed);
    this.#consumed = new TopicPartitionChildren((...partition) => consumed.labels(name, ...partition));
    this.#consumedBytes = provider.newCounter(of.bytesConsumed).labels(name);
    const produced = provider.newCounter(of.recordsProduced);
    this.#produced = new TopicPartitionChildren((...partition) => produced.labels(name, ...partition));
    this.#producedBytes = provider.newCounter(of.bytesProduced).labels(name);
    this.#repeated = provider.newCounter(of.recordsRepeated).labels(name);
    const messages = provider.newCounter(of.messages);
    this.#messages = {
      retried: messages.labels(name, 'retried'),
      dead_lettered: messages.labels(name, 'dead_lettered'),
      skipped: messages.labels(name, 'skipped'),
    };
    const batches = provider.newCounter(of.batches);
    this.#batches = {
      count: batches.labels(name, 'count'),
      bytes: batches.labels(name, 'bytes'),
      age: batches.labels(name, 'age'),
      memory: batches.labels(name, 'memory'),
      end: batches.labels(name, 'end'),
    };
    this.#batchRecords = provider.newHistogram(of.batchRecords).labels(name);
    this.#batchBytes = provider.newHistogram(of.batchBytes).labels(name);
    this.#seconds = {
      processed: provider.newHistogram(of.processSeconds).labels(name),
      flushed: provider.newHistogram(of.produceSeconds).labels(name),
      stored: provider.newHistogram(of.storeFlushSeconds).labels(name),
      committed: provider.newHistogram(of.commitSeconds).labels(name),
    };
    const errors = (definition: typeof of.commitErrors | typeof of.produceErrors | typeof of.fetchErrors) => {
      const counter = provider.newCounter(definition);
      return boundOnce((code) => counter.labels(name, code));
    };
    this.#errors = {
      commit: errors(of.commitErrors),
      produce: errors(of.produceErrors),
      fetch: errors(of.fetchErrors),
    };
    const requestSeconds = provider.newHistogram(of.requestSeconds);
    this.#requestSeconds = boundOnce((api) => requestSeconds.labels(name, api));
    this.#reconnects = provider.newCounter(of.reconnects).labels(name);
    let transactions: TransactionMetrics | undefined;
    // Processors without transactions have no series of them.
    this.#transactions = () => (transactions ??= newTransactionMetrics(provider, name));
  }

  /** Counters without an event so far are there with 0, so that their first event is a rise. */
  start(partitions: readonly TopicPartition[]): void {
    this.#guard.call(() => {
      for (const { topic, partition } of partitions) this.#consumed.of(topic, partition).inc(0);
      for (const each of [this.#consumedBytes, this.#producedBytes, this.#repeated, this.#reconnects])
        each.inc(0);
      for (const outcome of messageOutcomes) this.#messages[outcome].inc(0);
    });
  }

  addBatch(report: BatchReport): void {
    this.#guard.call(() => {
      this.#addBatch(report);
    });
  }

  /** Records of one output partition that were acked. */
  addAcked(topic: string, partition: number, records: number, bytes: number): void {
    this.#guard.call(() => {
      this.#produced.of(topic, partition).inc(records);
      this.#producedBytes.inc(bytes);
    });
  }

  /** Records that were sent again and may be stored twice. */
  addRepeated(records: number): void {
    this.#guard.call(() => {
      this.#repeated.inc(records);
    });
  }

  /** A transaction that has ended, or had to begin anew. */
  addTransaction(outcome: TransactionOutcome, ms: number): void {
    this.#guard.call(() => {
      const { outcomes, seconds } = this.#transactions();
      outcomes[outcome].inc();
      if (outcome === 'committed') seconds.observe(ms / 1000);
    });
  }

  addErrors(part: FailingPart, code: string, count: number): void {
    this.#guard.call(() => {
      this.#errors[part](code).inc(count);
    });
  }

  addAnswer(api: string, ms: number): void {
    this.#guard.call(() => {
      this.#requestSeconds(api).observe(ms / 1000);
    });
  }

  addReconnect(): void {
    this.#guard.call(() => {
      this.#reconnects.inc();
    });
  }

  #addBatch({ step, trigger, records, bytes, tally, ranges, durationMs }: BatchReport): void {
    this.#seconds[step].observe(durationMs / 1000);
    if (step === 'processed') {
      this.#batches[trigger].inc();
      this.#batchRecords.observe(records);
      this.#batchBytes.observe(bytes);
    }
    if (step !== 'committed') return;
    this.#consumedBytes.inc(bytes);
    if (tally !== noTally) for (const outcome of messageOutcomes) this.#messages[outcome].inc(tally[outcome]);
    for (const range of ranges) this.#consumed.of(range.topic, range.partition).inc(range.records);
  }
}

/** The child of a label value, bound with its first use. */
function boundOnce<Child>(bind: (value: string) => Child): (value: string) => Child {
  const children = new Map<string, Child>();
  return (value) => {
    let child = children.get(value);
    if (child === undefined) children.set(value, (child = bind(value)));
    return child;
  };
}

interface TransactionMetrics {
  readonly outcomes: Readonly<Record<TransactionOutcome, CounterChild>>;
  readonly seconds: ObserverChild;
}

function newTransactionMetrics(provider: MetricsProvider, name: string): TransactionMetrics {
  const transactions = provider.newCounter(metricDefinitions.transactions);
  const outcomes = {
    committed: transactions.labels(name, 'committed'),
    aborted: transactions.labels(name, 'aborted'),
    recovered: transactions.labels(name, 'recovered'),
  };
  for (const outcome of Object.values(outcomes)) outcome.inc(0);
  return { outcomes, seconds: provider.newHistogram(metricDefinitions.transactionSeconds).labels(name) };
}
