import { metricDefinitions } from '../metrics/definitions.ts';
import type { CounterChild, MetricsProvider, ObserverChild } from '../metrics/metrics.ts';
import type { BatchReport, BatchStep } from './batch-report.ts';
import { callGuarded } from './call-guarded.ts';
import type { Logger } from './kernel/logger.ts';
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
  readonly #repeated: CounterChild;
  readonly #seconds: Readonly<Record<BatchStep, ObserverChild>>;
  readonly #batches: Readonly<Record<BatchTrigger, CounterChild>>;

  readonly #log: Logger;

  constructor(provider: MetricsProvider, topicProcessorName: string, logger: Logger) {
    this.#log = logger;
    const { recordsConsumed, recordsProduced, recordsRepeated, batches } = metricDefinitions;
    this.#consumed = provider.newCounter(recordsConsumed).labels(topicProcessorName, '', '');
    this.#produced = provider.newCounter(recordsProduced).labels(topicProcessorName, '', '');
    this.#repeated = provider.newCounter(recordsRepeated).labels(topicProcessorName);
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

  /** What a provider throws is logged: a batch whose outputs are durable must not fail by being counted. */
  add(report: BatchReport): void {
    this.#guard(() => {
      this.#add(report);
    });
  }

  /** Records that were sent again and may be stored twice. */
  addRepeated(records: number): void {
    this.#guard(() => {
      this.#repeated.inc(records);
    });
  }

  #guard(count: () => void): void {
    callGuarded(count, (error) => {
      this.#log.error('The MetricsProvider failed', { error });
    });
  }

  #add({ step, trigger, records, sent, durationMs }: BatchReport): void {
    this.#seconds[step].observe(durationMs / 1000);
    if (step === 'processed') this.#batches[trigger].inc();
    if (step === 'flushed') this.#produced.inc(sent);
    if (step === 'committed') this.#consumed.inc(records);
  }
}
