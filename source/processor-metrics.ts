import { metricDefinitions } from '../metrics/definitions.ts';
import type { CounterChild, MetricsProvider, ObserverChild } from '../metrics/metrics.ts';
import type { BatchReport, BatchStep } from './batch-report.ts';
import type { BatchTrigger } from './message-processor.ts';

const stepMetrics = {
  processed: metricDefinitions.processSeconds,
  flushed: metricDefinitions.produceSeconds,
  stored: metricDefinitions.storeFlushSeconds,
  committed: metricDefinitions.commitSeconds,
} as const;

/** Records a processor's metrics, per batch; label values are bound once. */
export class ProcessorMetrics {
  readonly #consumed: CounterChild;
  readonly #produced: CounterChild;
  readonly #seconds: Readonly<Record<BatchStep, ObserverChild>>;
  readonly #batches: Readonly<Record<BatchTrigger, CounterChild>>;

  constructor(provider: MetricsProvider, topicProcessorName: string) {
    const { recordsConsumed, recordsProduced, batches } = metricDefinitions;
    this.#consumed = provider.newCounter(recordsConsumed).labels(topicProcessorName);
    this.#produced = provider.newCounter(recordsProduced).labels(topicProcessorName);
    const batchCounter = provider.newCounter(batches);
    const byTrigger = (trigger: BatchTrigger) => batchCounter.labels(topicProcessorName, trigger);
    this.#batches = {
      count: byTrigger('count'),
      bytes: byTrigger('bytes'),
      age: byTrigger('age'),
      memory: byTrigger('memory'),
      end: byTrigger('end'),
    };
    const seconds = (step: BatchStep) => provider.newHistogram(stepMetrics[step]).labels(topicProcessorName);
    this.#seconds = {
      processed: seconds('processed'),
      flushed: seconds('flushed'),
      stored: seconds('stored'),
      committed: seconds('committed'),
    };
  }

  add({ step, trigger, records, sent, durationMs }: BatchReport): void {
    this.#seconds[step].observe(durationMs / 1000);
    if (step === 'processed') this.#batches[trigger].inc();
    if (step === 'flushed') this.#produced.inc(sent);
    if (step === 'committed') this.#consumed.inc(records);
  }
}
