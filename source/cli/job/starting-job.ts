import {
  noopMetrics,
  type HealthReport,
  type MetricsProvider,
  type Monitored,
} from '../../../metrics/index.ts';
import { groupIdOf, silentLogger, type KafkaObserver, type ProcessorStats } from '../../index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { Degradation } from '../../watch/degradation.ts';

const nothing = () => undefined;

/** What a monitor shows of a job that has no processor yet: its partitions are not known. */
export class StartingJob implements Monitored {
  readonly name: string;
  readonly metrics: MetricsProvider;
  readonly #startedAt = Date.now();
  /** Judges as that of a processor does. It is not started: the client itself logs what fails. */
  readonly #degradation = new Degradation({
    clock: systemClock,
    logger: silentLogger,
    isStarting: () => true,
  });

  constructor(name: string, metrics: MetricsProvider = noopMetrics) {
    this.name = name;
    this.metrics = metrics;
  }

  /** Hears what fails while the partitions are asked for. */
  get observer(): KafkaObserver {
    return {
      onAnswer: nothing,
      onAcked: nothing,
      onError: nothing,
      onUnanswered: nothing,
      onReconnect: nothing,
      onTrouble: (trouble) => {
        this.#degradation.onTrouble(trouble);
      },
      onTroubleOver: (trouble) => {
        this.#degradation.onTroubleOver(trouble);
      },
    };
  }

  stats(): ProcessorStats {
    const degraded = this.#degradation.now;
    return { ...startingStats(this.name), startedAt: this.#startedAt, degraded };
  }

  health(): HealthReport {
    const degraded = this.#degradation.now;
    const problems = [...(degraded?.problems ?? []), 'It is starting: it connects to Kafka'];
    return { healthy: true, degraded: degraded !== null, ready: false, problems };
  }
}

/** The stats of a processor before it has any. */
export function startingStats(name: string): ProcessorStats {
  return {
    topicProcessorName: name,
    groupId: groupIdOf(name),
    state: 'starting',
    startedAt: null,
    failure: null,
    degraded: null,
    recentErrors: [],
    endsAskedAt: null,
    records: 0,
    batches: 0,
    batchesByTrigger: { count: 0, bytes: 0, age: 0, memory: 0, end: 0 },
    sent: 0,
    repeated: 0,
    transactions: null,
    tally: { retried: 0, dead_lettered: 0, skipped: 0 },
    buffered: 0,
    bufferedBytes: 0,
    inHand: 0,
    partitions: [],
    partitionProcessors: [],
  };
}
