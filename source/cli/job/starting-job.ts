import {
  noopMetrics,
  type HealthReport,
  type MetricsProvider,
  type Monitored,
} from '../../../metrics/index.ts';
import { groupIdOf, type KafkaObserver, type ProcessorStats, type Trouble } from '../../index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { hideSecrets } from '../../kernel/secrets.ts';

/** As for a processor: what lasts less long is an ordinary retry. */
const DEGRADED_AFTER_MS = 5_000;
const nothing = () => undefined;

/** What a monitor shows of a job that has no processor yet: its partitions are not known. */
export class StartingJob implements Monitored {
  readonly name: string;
  readonly metrics: MetricsProvider;
  readonly #startedAt = Date.now();
  #trouble: Trouble | undefined;

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
        this.#trouble = trouble;
      },
      onTroubleOver: () => {
        this.#trouble = undefined;
      },
    };
  }

  stats(): ProcessorStats {
    return { ...startingStats(this.name), startedAt: this.#startedAt, degraded: this.#degraded };
  }

  health(): HealthReport {
    const problems = [...(this.#degraded?.problems ?? []), 'It is starting: it connects to Kafka'];
    return { healthy: true, degraded: this.#degraded !== null, ready: false, problems };
  }

  get #degraded(): ProcessorStats['degraded'] {
    const now = systemClock.now();
    if (this.#trouble === undefined || now - this.#trouble.since < DEGRADED_AFTER_MS) return null;
    const { what, since, givesUpAt, error } = this.#trouble;
    const toWall = Date.now() - now;
    const left = `${Math.max(0, Math.round((givesUpAt - now) / 1000))} s`;
    return {
      since: Math.round(since + toWall),
      givesUpAt: Math.round(givesUpAt + toWall),
      problems: [
        `${what} has failed for ${Math.round((now - since) / 1000)} s; gives up in ${left} (${hideSecrets(error.message)})`,
      ],
    };
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
    buffered: 0,
    bufferedBytes: 0,
    inHand: 0,
    partitions: [],
    partitionProcessors: [],
  };
}
