import type { HistogramOptions, MetricOptions } from './metrics.ts';

const labelNames = ['topic_processor'] as const;

/** Every metric, declared once. Names are without the namespace that a provider puts before them (`kasper_`). */
export const metricDefinitions = {
  recordsConsumed: {
    name: 'records_consumed_total',
    help: 'Records whose batch was processed and committed',
    labelNames,
  },
  recordsProduced: { name: 'records_produced_total', help: 'Records sent and acked', labelNames },
  recordsRepeated: {
    name: 'records_repeated_total',
    help: 'Records sent again after an attempt of unknown outcome: they may be stored twice',
    labelNames,
  },
  batches: {
    name: 'batches_total',
    help: 'Batches processed, by the rule that made them due',
    labelNames: [...labelNames, 'trigger'],
  },
  processSeconds: { name: 'process_seconds', help: 'Time that process took for a batch', labelNames },
  produceSeconds: {
    name: 'produce_seconds',
    help: 'Time until all records of a batch were acked',
    labelNames,
  },
  storeFlushSeconds: {
    name: 'store_flush_seconds',
    help: 'Time that the flush of stores took for a batch',
    labelNames,
  },
  storeCalls: {
    name: 'store_calls_total',
    help: 'Calls of stores, by outcome: ok or error',
    labelNames: [...labelNames, 'store', 'operation', 'outcome'],
  },
  storeCallSeconds: {
    name: 'store_call_seconds',
    help: 'Time that a call of a store took, until it resolved or failed',
    labelNames: [...labelNames, 'store', 'operation'],
  },
  commitSeconds: {
    name: 'commit_seconds',
    help: 'Time until the offsets of a batch were committed',
    labelNames,
  },
} as const satisfies Record<string, MetricOptions | HistogramOptions>;
