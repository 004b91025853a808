import type { IncomingMessage } from 'node:http';
import { formatFor } from './accept.ts';
import { withEventLoop } from './event-loop-gauges.ts';
import type { EventLoopState } from './block-detector.ts';
import type { JointHealth } from './messages.ts';
import type { Outcome, Questions } from './questions.ts';
import { json, text, type Response } from './responses.ts';
import type { StatsReport } from '../stats-report.ts';

/**
 * How long to wait for an answer of the main thread. Probes give up after one second by default,
 * scrapes after ten.
 */
const LIMIT_MS = { health: 500, stats: 2_000, metrics: 2_000 } as const;
/** While the event loop is known to be blocked: only in case it turns right now. */
const STALLED_LIMIT_MS = 50;
const STALLED_MS = 500;

/** The dashboard's HTML, and the Content-Security-Policy under which it runs. */
export interface DashboardPage {
  readonly html: string;
  readonly csp: string;
}

/** What the routes know of the process. */
export interface RoutesOptions {
  readonly questions: Pick<Questions, 'ask' | 'last'>;
  readonly eventLoop: () => EventLoopState;
  readonly blockedAfterMs: number;
  /** The first fields of each `/api/stats`. */
  readonly about: Pick<StatsReport, 'version' | 'host' | 'pid' | 'node'>;
  /** Makes the dashboard; called once. */
  readonly page: () => Promise<DashboardPage>;
}

type Route = (request: IncomingMessage) => Promise<Response>;

/**
 * The answer at each path. While the event loop is blocked, the last known answer is given, with
 * what this thread knows.
 */
export class Routes {
  readonly #options: RoutesOptions;
  readonly #routes: ReadonlyMap<string, Route>;
  #page: Promise<Response> | undefined;

  constructor(options: RoutesOptions) {
    this.#options = options;
    this.#routes = new Map<string, Route>([
      ['/', () => this.#dashboard()],
      ['/metrics', (request) => this.#metrics(request)],
      ['/healthz', () => this.#healthz()],
      ['/readyz', () => this.#readyz()],
      ['/api/stats', () => this.#stats()],
    ]);
  }

  /** Never rejects because of the request. */
  async answer(request: IncomingMessage): Promise<Response> {
    const route = this.#routes.get(pathOf(request.url ?? '/'));
    if (route === undefined)
      return text(404, `Not found. The paths are ${[...this.#routes.keys()].join(', ')}`);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return text(405, 'Only GET and HEAD: this server is read-only', { Allow: 'GET, HEAD' });
    return route(request);
  }

  #dashboard(): Promise<Response> {
    this.#page ??= this.#makePage().catch((error: unknown) => {
      this.#page = undefined;
      throw error;
    });
    return this.#page;
  }

  async #makePage(): Promise<Response> {
    const { html, csp } = await this.#options.page();
    const headers = { 'Content-Security-Policy': csp };
    return { status: 200, contentType: 'text/html; charset=utf-8', body: html, headers };
  }

  async #healthz(): Promise<Response> {
    const { healthy, degraded, unhealthy: problems } = await this.#health();
    // Degraded is answered with 200: a restart would not help.
    return json(healthy ? 200 : 503, JSON.stringify({ healthy, degraded, problems }));
  }

  async #readyz(): Promise<Response> {
    const { ready, unready: problems } = await this.#health();
    return json(ready ? 200 : 503, JSON.stringify({ ready, problems }));
  }

  async #health(): Promise<JointHealth> {
    const { questions, eventLoop } = this.#options;
    // Once it counts as blocked, there is nothing to wait for.
    if (this.#isBlocked(eventLoop())) return this.#healthNow(undefined);
    const outcome = await questions.ask('health', this.#limit('health'));
    if (outcome.kind === 'failed') return notHealthy(`The health could not be read: ${outcome.message}`);
    return this.#healthNow(outcome.kind === 'answer' ? outcome.answer : undefined);
  }

  /**
   * The reported health, or the last one that was reported; if the event loop is blocked, that
   * alone is certain.
   */
  #healthNow(told: JointHealth | undefined): JointHealth {
    const { questions, eventLoop, blockedAfterMs } = this.#options;
    const { blockedMs } = eventLoop();
    if (blockedMs >= blockedAfterMs) return notHealthy(blockedProblem(blockedMs));
    return told ?? questions.last('health') ?? unknownHealth;
  }

  async #stats(): Promise<Response> {
    const { questions, eventLoop, about } = this.#options;
    const outcome = await questions.ask('stats', this.#limit('stats'));
    if (outcome.kind === 'failed') return text(500, `The stats could not be read: ${outcome.message}`);
    const told = outcome.kind === 'answer' ? outcome.answer : undefined;
    const { healthy, degraded, ready, problems } = this.#healthNow(told?.health);
    const { blockedMs, longestBlockMs } = eventLoop();
    const head: Omit<StatsReport, 'processors'> = {
      ...about,
      now: Date.now(),
      health: { healthy, degraded, ready, problems },
      eventLoop: { blockedMs: Math.round(blockedMs), longestBlockMs: Math.round(longestBlockMs) },
    };
    const { processors } = told ?? questions.last('stats') ?? { processors: '[]' };
    return json(200, `${JSON.stringify(head).slice(0, -1)},"processors":${processors}}`);
  }

  async #metrics(request: IncomingMessage): Promise<Response> {
    const { questions, eventLoop } = this.#options;
    const format = formatFor(request.headers.accept);
    const limitMs = this.#limit('metrics');
    const outcome = await questions.ask(format, limitMs);
    if (outcome.kind === 'failed') return text(500, `The metrics could not be read: ${outcome.message}`);
    const loop = eventLoop();
    if (isLate(outcome, loop, limitMs))
      return text(
        503,
        `The metrics were not ready within ${limitMs} ms, although the event loop is not blocked`,
      );
    const told =
      outcome.kind === 'answer' ? outcome.answer : (questions.last(format) ?? questions.last('text'));
    if (told === null) return text(404, noMetrics);
    const { contentType, body } = withEventLoop(told ?? null, loop);
    return { status: 200, contentType, body };
  }

  #limit(question: keyof typeof LIMIT_MS): number {
    return this.#options.eventLoop().blockedMs >= STALLED_MS ? STALLED_LIMIT_MS : LIMIT_MS[question];
  }

  #isBlocked({ blockedMs }: EventLoopState): boolean {
    return blockedMs >= this.#options.blockedAfterMs;
  }
}

/** Whether an answer is missing for a reason other than a blocked event loop. */
function isLate(
  outcome: Outcome<'text' | 'openmetrics'>,
  { blockedMs }: EventLoopState,
  limitMs: number,
): boolean {
  return outcome.kind === 'silent' && blockedMs < limitMs / 2;
}

const noMetrics =
  'There is nothing to scrape: the processors have no metrics with expose(). Set their option metrics to new PrometheusMetrics() of kasper-ts/metrics';

const unknownHealth: JointHealth = {
  healthy: true,
  degraded: false,
  ready: false,
  problems: ['Nothing is known yet'],
  unhealthy: [],
  unready: ['Nothing is known yet'],
};

function notHealthy(problem: string): JointHealth {
  const problems = [problem];
  return { healthy: false, degraded: false, ready: false, problems, unhealthy: problems, unready: problems };
}

function blockedProblem(blockedMs: number): string {
  return (
    `The event loop has been blocked for ${Math.floor(blockedMs / 1000)} s: synchronous code, for example in process, does not return. ` +
    'Use smaller batches (batchSize), await between parts of the work, or move it to worker threads'
  );
}

/** Only the path, of a request line with a query, or with a whole URL as proxies send it. */
function pathOf(url: string): string {
  const [path = '/'] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  return path === '' ? '/' : path;
}
