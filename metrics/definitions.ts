import type { MetricOptions } from './metrics.ts';

/**
 * How the values of several processes become one. Those of a counter or histogram are always added
 * up.
 */
export type GaugeAggregation = 'sum' | 'max' | 'min' | 'first';

/**
 * One metric: all that a provider, the tables of the documentation, the dashboards and the alert
 * rules need to know of it.
 */
export interface MetricDefinition extends MetricOptions {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /**
   * The unit, as at the end of the name: seconds, bytes, records, batches; undefined for plain
   * numbers.
   */
  readonly unit?: 'seconds' | 'bytes' | 'records' | 'batches' | undefined;
  readonly buckets?: readonly number[];
  /** For a gauge. Default 'sum'. */
  readonly aggregation?: GaugeAggregation;
}

const processor = ['topic_processor'] as const;
const partition = [...processor, 'topic', 'partition'] as const;

/** From a step that takes no time to one that takes minutes. */
const stepSeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const;
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const batchRecords = [1, 10, 50, 100, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000] as const;
const batchBytes = [1e3, 1e4, 1e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 5e7, 1e8] as const;

/**
 * Every metric, declared once. Names lack the namespace that a provider puts before them
 * (`kasper_`).
 */
export const metricDefinitions = {
  // Records and bytes
  recordsConsumed: {
    name: 'records_consumed_total',
    kind: 'counter',
    unit: 'records',
    help: 'Records whose batch was processed and committed',
    labelNames: partition,
  },
  bytesConsumed: {
    name: 'bytes_consumed_total',
    kind: 'counter',
    unit: 'bytes',
    help: 'Encoded bytes, after decompression, of records whose batch was processed and committed',
    labelNames: processor,
  },
  recordsProduced: {
    name: 'records_produced_total',
    kind: 'counter',
    unit: 'records',
    help: 'Records sent and acked',
    labelNames: partition,
  },
  bytesProduced: {
    name: 'bytes_produced_total',
    kind: 'counter',
    unit: 'bytes',
    help: 'Encoded bytes, before compression, of records sent and acked',
    labelNames: processor,
  },
  recordsRepeated: {
    name: 'records_repeated_total',
    kind: 'counter',
    unit: 'records',
    help: 'Records sent again after an attempt whose outcome is unknown: they may be stored twice',
    labelNames: processor,
  },
  transactions: {
    name: 'transactions_total',
    kind: 'counter',
    help: "Transactions of delivery 'exactly-once', by outcome: committed, aborted, or recovered, which are those whose outcome was not known at first",
    labelNames: [...processor, 'outcome'],
  },
  transactionSeconds: {
    name: 'transaction_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'From the first request of a transaction to the answer that it is committed',
    labelNames: processor,
    buckets: stepSeconds,
  },
  messages: {
    name: 'messages_total',
    kind: 'counter',
    help: 'Messages of committed batches that were not simply processed: retried (each time), dead_lettered or skipped',
    labelNames: [...processor, 'outcome'],
  },
  // Batches and their steps
  batches: {
    name: 'batches_total',
    kind: 'counter',
    unit: 'batches',
    help: 'Batches processed, by the rule that made them due',
    labelNames: [...processor, 'trigger'],
  },
  batchRecords: {
    name: 'batch_records',
    kind: 'histogram',
    unit: 'records',
    help: 'Records in a batch',
    labelNames: processor,
    buckets: batchRecords,
  },
  batchBytes: {
    name: 'batch_bytes',
    kind: 'histogram',
    unit: 'bytes',
    help: 'Bytes in a batch, decompressed',
    labelNames: processor,
    buckets: batchBytes,
  },
  processSeconds: {
    name: 'process_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Duration of process for a batch',
    labelNames: processor,
    buckets: stepSeconds,
  },
  produceSeconds: {
    name: 'produce_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time until all records of a batch were acked',
    labelNames: processor,
    buckets: stepSeconds,
  },
  storeFlushSeconds: {
    name: 'store_flush_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Duration of the store flush for a batch',
    labelNames: processor,
    buckets: stepSeconds,
  },
  commitSeconds: {
    name: 'commit_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time until the offsets of a batch were committed',
    labelNames: processor,
    buckets: stepSeconds,
  },
  // Positions and buffers
  lagRecords: {
    name: 'lag_records',
    kind: 'gauge',
    unit: 'records',
    help: 'Offsets between the committed offset and the end of the log that the isolation level can see',
    labelNames: partition,
    aggregation: 'max',
  },
  committedOffset: {
    name: 'committed_offset',
    kind: 'gauge',
    help: 'The committed offset: the next one to be processed after a restart',
    labelNames: partition,
    aggregation: 'max',
  },
  highWatermark: {
    name: 'high_watermark_offset',
    kind: 'gauge',
    help: 'The high watermark that the leader last reported',
    labelNames: partition,
    aggregation: 'max',
  },
  progressAgeSeconds: {
    name: 'progress_age_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time since the committed offset last moved; 0 while there is nothing to do',
    labelNames: partition,
    aggregation: 'max',
  },
  heldBackSeconds: {
    name: 'held_back_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time for which an open transaction of another producer has held back the last stable offset; 0 while none does',
    labelNames: partition,
    aggregation: 'max',
  },
  bufferedRecords: {
    name: 'buffered_records',
    kind: 'gauge',
    unit: 'records',
    help: 'Records waiting for their batch',
    labelNames: processor,
  },
  bufferedBytes: {
    name: 'buffered_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bytes of fetched records in memory, those in process included',
    labelNames: processor,
  },
  inHandRecords: {
    name: 'in_hand_records',
    kind: 'gauge',
    unit: 'records',
    help: 'Records of batches between process and commit',
    labelNames: processor,
  },
  partitionsOwned: {
    name: 'partitions_owned',
    kind: 'gauge',
    help: 'Topic-partitions that this processor reads',
    labelNames: processor,
  },
  processorState: {
    name: 'processor_state',
    kind: 'gauge',
    help: '1 for the state that the processor is in, 0 for the others',
    labelNames: [...processor, 'state'],
  },
  // Errors, and requests to brokers
  commitErrors: {
    name: 'commit_errors_total',
    kind: 'counter',
    help: "Commits of a topic-partition that were refused or not answered, retried ones included, by Kafka's error or our error code",
    labelNames: [...processor, 'code'],
  },
  produceErrors: {
    name: 'produce_errors_total',
    kind: 'counter',
    help: "Batches of records to a topic-partition that were refused or not answered, retried ones included, by Kafka's error or our error code",
    labelNames: [...processor, 'code'],
  },
  fetchErrors: {
    name: 'fetch_errors_total',
    kind: 'counter',
    help: "Fetches of a topic-partition that were refused or not answered, retried ones included, by Kafka's error or our error code",
    labelNames: [...processor, 'code'],
  },
  requestSeconds: {
    name: 'request_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time until a broker answered, by request (Fetch waits up to fetchMaxWaitMs for records)',
    labelNames: [...processor, 'api'],
    buckets: requestSeconds,
  },
  reconnects: {
    name: 'reconnects_total',
    kind: 'counter',
    help: 'Connections to brokers that were lost or given up and had to be reopened',
    labelNames: processor,
  },
  // Stores
  storeCalls: {
    name: 'store_calls_total',
    kind: 'counter',
    help: 'Store calls, by outcome: ok or error',
    labelNames: [...processor, 'store', 'operation', 'outcome'],
  },
  storeTenantCalls: {
    name: 'store_tenant_calls_total',
    kind: 'counter',
    help: 'Store calls by tenant, where tenantLabel is set; a call for several tenants counts once for each',
    labelNames: [...processor, 'store', 'operation', 'outcome', 'tenant'],
  },
  storeCallSeconds: {
    name: 'store_call_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Duration of a store call, until it resolved or failed',
    labelNames: [...processor, 'store', 'operation'],
    buckets: stepSeconds,
  },
  // The process
  eventLoopBlockedSeconds: {
    name: 'event_loop_blocked_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'For how long the event loop has been blocked; reported even while it is blocked',
    labelNames: [],
    aggregation: 'max',
  },
  eventLoopLongestBlockSeconds: {
    name: 'event_loop_longest_block_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'The longest time for which the event loop has been blocked since the process started',
    labelNames: [],
    aggregation: 'max',
  },
  buildInfo: {
    name: 'build_info',
    kind: 'gauge',
    help: 'Always 1; the labels hold the versions',
    labelNames: ['version', 'node'],
    aggregation: 'max',
  },
} as const satisfies Record<string, MetricDefinition>;
