import type { MetricsProvider } from './metrics.ts';

/** Whether a processor does its work, with the reasons in words. */
export interface HealthReport {
  /** False: it makes no progress, or has failed. Restarting it may help. */
  readonly healthy: boolean;
  /**
   * True while something that it needs has failed for 5 s or longer, and is tried again: a restart
   * would not help.
   */
  readonly degraded: boolean;
  /** True while it processes: it runs, has its claims, and is not closing. */
  readonly ready: boolean;
  /**
   * Sentences that say why it is not healthy, degraded, or not ready, or which records another
   * producer holds back; empty otherwise.
   */
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
  /**
   * Where its metrics go. A provider that has `expose`, as PrometheusMetrics does, can be scraped.
   */
  readonly metrics: MetricsProvider;
}

/** Shows processors to people and programs outside, as an HTTP server does. */
export interface Monitor {
  /**
   * Starts to show a processor. Called before the processor connects.
   *
   * @returns a function that stops showing it; called after everything else has ended
   * @throws ConfigError if it cannot listen, for example because the port is in use
   */
  watch(monitored: Monitored): Promise<() => Promise<void>>;
}

/** Where a processor that opens a monitor server of its own listens. */
export interface MonitorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default '127.0.0.1': this machine only. */
  readonly host?: string;
  /**
   * The process is not healthy once its event loop has been blocked for this long. Default 10000.
   */
  readonly blockedAfterMs?: number;
  /**
   * Host names besides `localhost` that requests on loopback may use, such as that of a proxy.
   * Default: none.
   */
  readonly allowedHosts?: readonly string[];
}
