import { metricDefinitions } from '../../metrics/definitions.ts';
import type { GaugeChild, MetricsProvider } from '../../metrics/metrics.ts';
import { transitions, type ProcessorState } from '../lifecycle.ts';
import type { MetricsGuard } from './metrics-guard.ts';
import type { PartitionStats, ProcessorStats } from '../stats.ts';
import { TopicPartitionChildren } from './topic-partition-children.ts';

interface PartitionGauges {
  readonly lag: GaugeChild;
  readonly committed: GaugeChild;
  readonly highWatermark: GaugeChild;
  readonly progressAge: GaugeChild;
  readonly heldBack: GaugeChild;
}

const states = Object.keys(transitions) as ProcessorState[];

/** Shows as gauges where a processor is, whenever it is given a snapshot. */
export class ProcessorGauges {
  readonly #partitions: TopicPartitionChildren<PartitionGauges>;
  readonly #buffered: GaugeChild;
  readonly #bufferedBytes: GaugeChild;
  readonly #inHand: GaugeChild;
  readonly #owned: GaugeChild;
  readonly #states: readonly (readonly [ProcessorState, GaugeChild])[];
  readonly #guard: MetricsGuard;

  constructor(provider: MetricsProvider, name: string, guard: MetricsGuard) {
    this.#guard = guard;
    const of = metricDefinitions;
    const lag = provider.newGauge(of.lagRecords);
    const committed = provider.newGauge(of.committedOffset);
    const highWatermark = provider.newGauge(of.highWatermark);
    const progressAge = provider.newGauge(of.progressAgeSeconds);
    const heldBack = provider.newGauge(of.heldBackSeconds);
    this.#partitions = new TopicPartitionChildren((...partition) => ({
      lag: lag.labels(name, ...partition),
      committed: committed.labels(name, ...partition),
      highWatermark: highWatermark.labels(name, ...partition),
      progressAge: progressAge.labels(name, ...partition),
      heldBack: heldBack.labels(name, ...partition),
    }));
    this.#buffered = provider.newGauge(of.bufferedRecords).labels(name);
    this.#bufferedBytes = provider.newGauge(of.bufferedBytes).labels(name);
    this.#inHand = provider.newGauge(of.inHandRecords).labels(name);
    this.#owned = provider.newGauge(of.partitionsOwned).labels(name);
    const state = provider.newGauge(of.processorState);
    this.#states = states.map((each) => [each, state.labels(name, each)] as const);
  }

  show(stats: ProcessorStats): void {
    this.#guard.call(() => {
      this.#show(stats);
    });
  }

  #show({ state, partitions, buffered, bufferedBytes, inHand }: ProcessorStats): void {
    const isAtWork = state === 'running' || state === 'closing';
    for (const [each, gauge] of this.#states) gauge.set(each === state ? 1 : 0);
    this.#buffered.set(buffered);
    this.#bufferedBytes.set(bufferedBytes);
    this.#inHand.set(inHand);
    this.#owned.set(isAtWork ? partitions.length : 0);
    for (const partition of partitions) this.#showPartition(partition, isAtWork);
  }

  #showPartition(stats: PartitionStats, isAtWork: boolean): void {
    const { topic, partition, lag, committed, highWatermark, msSinceProgress, heldBack } = stats;
    const gauges = this.#partitions.of(topic, partition);
    gauges.lag.set(lag);
    // Until it is known there is no such value, rather than a wrong one.
    if (committed !== null) gauges.committed.set(committed);
    gauges.highWatermark.set(highWatermark);
    // Of one that has ended nobody would bring it up to date.
    gauges.progressAge.set(isAtWork ? msSinceProgress / 1000 : 0);
    gauges.heldBack.set(isAtWork && heldBack !== null ? heldBack.ms / 1000 : 0);
  }
}
