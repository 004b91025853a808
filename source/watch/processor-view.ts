import type { HealthReport, Monitored } from '../../metrics/monitor.ts';
import { noopMetrics } from '../../metrics/noop.ts';
import type { BatchReport } from '../batch-report.ts';
import type { Config } from '../config/config.ts';
import { Degradation } from './degradation.ts';
import { healthOf } from './health.ts';
import type { KafkaObserver } from '../kafka/client.ts';
import type { CommitResult } from '../kafka/group-offsets.ts';
import type { Trouble } from '../kafka/trouble.ts';
import type { Timer } from '../kernel/clock.ts';
import type { KasperError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Listeners } from '../kernel/listeners.ts';
import type { Lifecycle, ProcessorState } from '../lifecycle.ts';
import type { ProcessorEvents } from '../processor-events.ts';
import { MetricsGuard } from './metrics-guard.ts';
import { PartitionTotals } from './partition-totals.ts';
import { ProcessorGauges } from './processor-gauges.ts';
import { ProcessorMetrics, type FailingPart } from './processor-metrics.ts';
import { takeStats } from './take-stats.ts';
import { codeOf, RecentErrors } from './recent-errors.ts';
import type { ProcessorStats, TransactionOutcome } from '../stats.ts';
import type { RunOutcome } from '../run/run-outcome.ts';
import type { RunParts } from '../run/run-parts.ts';
import type { RunReports } from '../run-reports.ts';
import { RunTotals } from './run-totals.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/**
 * All that others get to see of a processor: counts what it does, shows it as metrics, takes
 * snapshots, judges its health, and calls its listeners. What happens it learns from the run
 * ({@link RunReports}) and from the client ({@link KafkaObserver}).
 */
export class ProcessorView implements RunReports, KafkaObserver {
  readonly totals = new RunTotals();
  readonly #options: ProcessorViewOptions;
  readonly #ofPartitions: PartitionTotals;
  readonly #recentErrors: RecentErrors;
  readonly #metrics: ProcessorMetrics;
  readonly #gauges: ProcessorGauges;
  readonly #degradation: Degradation;
  #startedAt: number | undefined;
  /** When a broker answered last, on the monotonic clock. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #endCollect: (() => void) | undefined;

  constructor(options: ProcessorViewOptions) {
    this.#options = options;
    const { config, logger, lifecycle } = options;
    const isStarting = () => lifecycle.state === 'starting';
    this.#degradation = new Degradation({ clock: config.clock, logger, isStarting });
    this.#ofPartitions = new PartitionTotals(config.clock);
    this.#recentErrors = new RecentErrors(config.clock);
    const guard = new MetricsGuard(config.clock, logger);
    this.#metrics = new ProcessorMetrics(config.metrics, config.topicProcessorName, guard);
    this.#gauges = new ProcessorGauges(config.metrics, config.topicProcessorName, guard);
  }

  /** What a monitor shows. */
  get monitored(): Omit<Monitored, 'metrics'> {
    return {
      name: this.#options.config.topicProcessorName,
      stats: () => this.stats(),
      health: () => this.health(),
    };
  }

  stats(): ProcessorStats {
    const { config, lifecycle, outcome, parts } = this.#options;
    return takeStats({
      config,
      state: lifecycle.state,
      startedAt: this.#startedAt,
      totals: this.totals,
      ofPartitions: this.#ofPartitions,
      outcome,
      recentErrors: this.#recentErrors,
      // What fails while it closes, or after, delays nothing.
      degraded: isWorking(lifecycle.state) ? this.#degradation.now : null,
      parts,
    });
  }

  health(): HealthReport {
    const { config, parts } = this.#options;
    const { stallTimeoutMs, stallLagRecords, heldBackTimeoutMs, clock } = config;
    const { endWatch, phase, assignment } = parts;
    const unansweredSince = endWatch?.unansweredSince;
    const brokersSilentMs =
      unansweredSince === undefined ? 0 : clock.now() - Math.max(unansweredSince, this.#answeredAt);
    return healthOf({
      stats: this.stats(),
      stallTimeoutMs,
      stallLagRecords,
      heldBackTimeoutMs,
      brokersSilentMs,
      starting: assignment?.waitsFor ?? phase,
    });
  }

  /** The run begins: from now on the gauges are kept up to date. */
  start(): void {
    const { clock, metrics } = this.#options.config;
    this.#startedAt = clock.wallNow();
    this.#endCollect = metrics.onCollect?.(() => {
      this.#showGauges();
    });
    this.#degradation.start();
    this.#tick();
  }

  /** Reading begins. */
  started(partitions: readonly TopicPartition[]): void {
    this.#metrics.start(partitions);
    this.#showGauges();
  }

  /** The run is over: the gauges stay as they are now. */
  end(): void {
    this.#timer?.cancel();
    this.#degradation.end();
    this.#endCollect?.();
    this.#showGauges();
  }

  batch(report: BatchReport): void {
    this.totals.add(report);
    this.#ofPartitions.add(report);
    this.#metrics.addBatch(report);
    this.#options.listeners.emit('batch', report);
  }

  repeated(records: number): void {
    this.totals.addRepeated(records);
    this.#metrics.addRepeated(records);
  }

  transaction(outcome: TransactionOutcome, durationMs: number): void {
    this.totals.addTransaction(outcome);
    this.#metrics.addTransaction(outcome, durationMs);
  }

  refused(failed: readonly CommitResult[]): void {
    const byCode = new Map<string, CommitResult[]>();
    for (const result of failed) {
      const code = codeOf(result.error);
      byCode.set(code, [...(byCode.get(code) ?? []), result]);
    }
    for (const same of byCode.values()) this.#onErrors('commit', same[0]?.error, same);
  }

  ended(): void {
    this.#options.outcome.end();
  }

  /** The first failure ends the run; later ones are kept beside it. */
  failed(error: unknown): void {
    const { outcome, listeners } = this.#options;
    if (outcome.keep(error)) {
      this.#recentErrors.add(error);
      listeners.emit('error', error);
    }
    outcome.end();
  }

  onAnswer(api: string, ms: number): void {
    this.#answeredAt = this.#options.config.clock.now();
    this.#degradation.onAnswer();
    this.#metrics.addAnswer(api, ms);
  }

  onUnanswered(began: number, error: KasperError): void {
    this.#degradation.onUnanswered(began, error);
  }

  onTrouble(trouble: Trouble): void {
    this.#degradation.onTrouble(trouble);
  }

  onTroubleOver(trouble: Trouble): void {
    this.#degradation.onTroubleOver(trouble);
  }

  onAcked(topic: string, partition: number, records: number, bytes: number): void {
    this.#metrics.addAcked(topic, partition, records, bytes);
  }

  onError(api: 'Produce' | 'Fetch', error: KasperError, partitions: readonly TopicPartition[]): void {
    this.#onErrors(api === 'Produce' ? 'produce' : 'fetch', error, partitions);
  }

  onReconnect(): void {
    this.#metrics.addReconnect();
  }

  #onErrors(part: FailingPart, error: unknown, partitions: readonly TopicPartition[]): void {
    const [first, ...others] = partitions;
    this.#recentErrors.add(error, others.length === 0 ? first?.partition : undefined);
    this.#metrics.addErrors(part, codeOf(error), partitions.length);
  }

  #tick(): void {
    const { clock, metricsUpdateMs } = this.#options.config;
    this.#showGauges();
    this.#timer = clock.after(metricsUpdateMs, () => {
      this.#tick();
    });
  }

  /** Of a thousand partitions a snapshot takes some ms: not where nobody would see it. */
  #showGauges(): void {
    if (this.#options.config.metrics !== noopMetrics) this.#gauges.show(this.stats());
  }
}

function isWorking(state: ProcessorState): boolean {
  return state === 'starting' || state === 'running';
}

/** What a view looks at. */
export interface ProcessorViewOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly outcome: RunOutcome;
  readonly parts: RunParts;
  readonly listeners: Listeners<ProcessorEvents>;
}
