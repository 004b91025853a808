import type { MetricsProvider } from './metrics.ts';

/** Whether a processor does its work, in words for people. */
export interface HealthReport {
  /** False: it does not come forward, or has failed. Restarting it may help. */
  readonly healthy: boolean;
  /** True while it processes: it runs, has its claims, and is not closing. */
  readonly ready: boolean;
  /** Sentences that say why it is not healthy, or not ready; empty if it is both. */
  readonly problems: readonly string[];
}

/** What a {@link Monitor} shows: a TopicProcessor is one. */
export interface Monitored {
  /** The topicProcessorName. */
  readonly name: string;
  /** A snapshot of plain values that JSON can hold: ProcessorStats. Asks no broker. */
  stats(): object;
  /** Whether it does its work. Asks no broker. */
  health(): HealthReport;
  /** Where its metrics go. One that has `expose`, as PrometheusMetrics, has something to scrape. */
  readonly metrics: MetricsProvider;
}

/** Shows processors to those who watch them, as an HTTP server does. */
export interface Monitor {
  /**
   * Begins to show a processor. Called before the processor connects.
   *
   * @returns what ends it; called after everything else has ended
   * @throws ConfigError when it cannot listen, such as at a port in use
   */
  watch(monitored: Monitored): Promise<() => Promise<void>>;
}

/** Where a processor that opens a monitor server of its own listens. */
export interface MonitorOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default '127.0.0.1': this machine alone. */
  readonly host?: string;
  /** The process is not healthy when its event loop has not turned for so long. Default 10000. */
  readonly blockedAfterMs?: number;
  /** Names besides `localhost` by which it may be asked for on loopback, such as that of a proxy before it. Default: none. */
  readonly allowedHosts?: readonly string[];
}
