import { LifecycleError } from '../source/kernel/errors.ts';
import type { MetricsProvider } from './metrics.ts';
import type { Monitor, Monitored } from './monitor.ts';
import { Beats } from './server/beats.ts';
import { addEventLoopGauges } from './server/event-loop-gauges.ts';
import type { Answers, Question } from './server/messages.ts';
import {
  makeServerConfig,
  type MonitorServerConfig,
  type MonitorServerOptions,
} from './server/server-options.ts';
import { ServerThread } from './server/server-thread.ts';
import { ShownProcessors } from './server/shown-processors.ts';

export type { MonitorServerOptions } from './server/server-options.ts';

/**
 * Shows processors over HTTP: `/metrics` (Prometheus, OpenMetrics), `/healthz`, `/readyz`, `/api/stats` (JSON) and `/` (dashboard). Read-only and without
 * authentication, so on loopback unless a host is given.
 *
 * HTTP lives in a thread of its own, which answers also while the event loop of the process is blocked. Give one to several processors as their option `monitor`
 * to see them together; they share one PrometheusMetrics then.
 *
 * @example
 * await using monitor = new MonitorServer({ port: 9464 });
 * const metrics = new PrometheusMetrics();
 * await runAll([new TopicProcessor({ ...orders, monitor, metrics }, one), new TopicProcessor({ ...payments, monitor, metrics }, other)]);
 */
export class MonitorServer implements Monitor, AsyncDisposable {
  readonly #config: MonitorServerConfig;
  readonly #beats = new Beats();
  readonly #shown = new ShownProcessors();
  readonly #gauges = new Map<MetricsProvider, () => void>();
  #thread: ServerThread | undefined;
  #stopBeats: (() => void) | undefined;
  /** Opening and closing follow one another. */
  #turn: Promise<unknown> = Promise.resolve();
  #isKept = false;
  #isClosed = false;

  /**
   * Touches nothing yet.
   *
   * @throws ConfigError that lists everything wrong with the options
   */
  constructor(options: MonitorServerOptions) {
    this.#config = makeServerConfig(options);
  }

  /**
   * Where it is to be found from this machine, such as `http://127.0.0.1:9464`.
   *
   * @throws LifecycleError unless it listens
   */
  get url(): string {
    if (this.#thread === undefined)
      throw new LifecycleError('The MonitorServer has no url before it listens: await listen() first');
    const { address, port } = this.#thread.listening;
    return `http://${inUrl(this.#config.host, address)}:${port}`;
  }

  /**
   * Begins to show a processor; listens from the first one on, and closes with the last one. Called by the TopicProcessor whose option `monitor` it is.
   *
   * @returns what ends it. One that has failed is shown, and not healthy, until another one of its name comes, or the server closes
   * @throws ConfigError when it cannot listen, or another processor has metrics of its own that are to be scraped
   * @throws LifecycleError after close()
   */
  async watch(monitored: Monitored): Promise<() => Promise<void>> {
    this.#assertOpen('watch');
    this.#shown.add(monitored);
    const { metrics } = monitored;
    try {
      if (!this.#gauges.has(metrics)) this.#gauges.set(metrics, addEventLoopGauges(metrics, this.#beats));
      await this.#open();
      this.#assertOpen('watch');
    } catch (error) {
      this.#remove(monitored);
      throw error;
    }
    this.#tell();
    return async () => {
      this.#remove(monitored);
      this.#tell();
      await this.#closeIfUnused();
    };
  }

  /**
   * Listens now, and keeps open until {@link close}, whoever comes and goes.
   *
   * @throws ConfigError when it cannot, LifecycleError after close()
   */
  async listen(): Promise<void> {
    this.#assertOpen('listen');
    this.#isKept = true;
    try {
      await this.#open();
      this.#assertOpen('listen');
    } catch (error) {
      this.#isKept = false;
      throw error;
    }
  }

  /** Ends all connections, those that are being answered within a second. Idempotent; for good. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#closeIfUnused();
  }

  /** As {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#thread !== undefined || !this.#isUsed) return;
      const { logger, port, host, blockedAfterMs, allowedHosts } = this.#config;
      const stopBeats = this.#beats.start();
      try {
        this.#thread = await ServerThread.start({
          data: { port, host, blockedAfterMs, allowedHosts, beats: this.#beats.memory },
          logger,
          answer: (question) => this.#answer(question),
        });
      } catch (error) {
        stopBeats();
        throw error;
      }
      this.#stopBeats = stopBeats;
      logger.info('The monitor server is listening', { url: this.url });
    });
  }

  #closeIfUnused(): Promise<void> {
    return this.#inTurn(async () => {
      const thread = this.#thread;
      if (thread === undefined || this.#isUsed) return;
      this.#thread = undefined;
      this.#stopBeats?.();
      await thread.stop();
    });
  }

  #remove(monitored: Monitored): void {
    const { metrics } = monitored;
    this.#shown.remove(monitored);
    if (this.#shown.uses(metrics)) return;
    this.#gauges.get(metrics)?.();
    this.#gauges.delete(metrics);
  }

  get #isUsed(): boolean {
    return !this.#isClosed && (this.#isKept || this.#shown.size > 0);
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    // Whoever asked for it hears of it; those that follow begin anew.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** The server's thread learns that processors have come or gone. */
  #tell(): void {
    this.#thread?.tell('stats');
    this.#thread?.tell('text');
  }

  #answer(question: Question): Answers[Question] | Promise<Answers[Question]> {
    switch (question) {
      case 'health':
        return this.#shown.health();
      case 'stats':
        return this.#shown.stats();
      case 'text':
      case 'openmetrics':
        return this.#shown.expose(question);
    }
  }

  #assertOpen(method: string): void {
    if (this.#isClosed)
      throw new LifecycleError(`${method}() was called on a MonitorServer that is closed: create a new one`);
  }
}

/** The host as it stands in a URL; that of all addresses is not one to ask for. */
function inUrl(host: string, address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
