import { checkArguments } from '../source/kernel/check-arguments.ts';
import { LifecycleError } from '../source/kernel/errors.ts';
import { hasMethods, isObject } from '../source/kernel/is-object.ts';
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
 * Shows processors over HTTP: `/metrics` (Prometheus, OpenMetrics), `/healthz`, `/readyz`,
 * `/api/stats` (JSON) and `/` (dashboard). It is read-only and without authentication, so it
 * listens on loopback unless a host is given.
 *
 * HTTP is served by a thread of its own, which answers even while the event loop of the process is
 * blocked. Give one server to several processors as their option `monitor` to see them together;
 * they must then share one PrometheusMetrics.
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
   * Opens nothing yet.
   *
   * @throws ConfigError that lists everything wrong with the options
   */
  constructor(options: MonitorServerOptions) {
    this.#config = makeServerConfig(options);
  }

  /**
   * Its address as seen from this machine, such as `http://127.0.0.1:9464`.
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
   * Starts to show a processor; listens from the first one on, and closes with the last one. Called
   * by the TopicProcessor that has this server as its option `monitor`.
   *
   * @returns a function that stops showing it. A processor that has failed is still shown, as not
   * healthy, until another one of its name comes, or the server closes
   * @throws ConfigError if it cannot listen, or if another processor has its own metrics to be
   * scraped
   * @throws LifecycleError after close()
   */
  async watch(monitored: Monitored): Promise<() => Promise<void>> {
    checkMonitored(monitored);
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
   * Listens now, and stays open until {@link close}, even without processors.
   *
   * @throws ConfigError if it cannot listen, LifecycleError after close()
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

  /**
   * Closes all connections, those with a request in process within a second. Idempotent; the server
   * cannot be opened again.
   */
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
    // The caller gets the error; the steps that follow start fresh.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Tells the server's thread that processors have come or gone. */
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

/** Checks what is to be shown, which may come from JavaScript. @throws ConfigError */
function checkMonitored(monitored: unknown): void {
  checkArguments('MonitorServer.watch', [
    isObject(monitored) && hasMethods(monitored, ['stats', 'health']) && isObject(monitored['metrics']),
    'what is shown must be { name, stats(), health(), metrics }: give the server to a TopicProcessor as its option monitor',
    monitored,
  ]);
}

/** The host as written in a URL; the address that means "all addresses" cannot be requested. */
function inUrl(host: string, address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
