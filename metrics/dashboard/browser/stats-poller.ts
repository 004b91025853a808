import { isPageReport, type PageReport } from '../model/page-report.ts';

export interface StatsListener {
  onReport(report: PageReport): void;
  /** @param reason a sentence for people */
  onFailure(reason: string): void;
}

const everyMs = 1000;
/** The page is hidden; the history continues with fewer samples. */
const hiddenEveryMs = 15_000;
/** After several failed tries: the server may be away for a long time. */
const lostEveryMs = 5000;
const quickTries = 20;
const timeoutMs = 8000;

/** Asks for `api/stats` repeatedly, also after failures. */
export class StatsPoller {
  readonly #url: string;
  readonly #listener: StatsListener;
  #failures = 0;
  #timer: number | undefined;
  #isAsking = false;

  constructor(url: string, listener: StatsListener) {
    this.#url = url;
    this.#listener = listener;
  }

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#run();
    });
    window.addEventListener('online', () => {
      this.#run();
    });
    this.#run();
  }

  #run(): void {
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    const start = performance.now();
    void this.#askOnce().finally(() => {
      this.#isAsking = false;
      const pause = Math.max(0, this.#pauseMs() - (performance.now() - start));
      this.#timer = setTimeout(() => {
        this.#run();
      }, pause);
    });
  }

  /** What the listener throws is reported by the browser, and does not stop the polling. */
  async #askOnce(): Promise<void> {
    let report: PageReport;
    try {
      report = await ask(this.#url);
    } catch (error) {
      this.#failures++;
      this.#listener.onFailure(reasonOf(error));
      return;
    }
    this.#failures = 0;
    this.#listener.onReport(report);
  }

  #pauseMs(): number {
    if (document.hidden) return hiddenEveryMs;
    return this.#failures > quickTries ? lostEveryMs : everyMs;
  }
}

/**
 * `api/stats` beside the page; also if the page is served at a prefix without a slash at its end.
 */
export function statsUrl({ pathname }: Location): string {
  return `${pathname.replace(/\/$|\/index\.html$/, '')}/api/stats`;
}

async function ask(url: string): Promise<PageReport> {
  const response = await fetch(url, {
    cache: 'no-store',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new AnswerError(`The server answered with status ${response.status}.`);
  const value = await jsonOf(response);
  if (!isPageReport(value)) throw new AnswerError('Another program answers at this address.');
  return value;
}

/** Undefined for what is no JSON. An answer that broke off, or came too late, is a failure. */
async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class AnswerError extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof AnswerError) return error.message;
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `It did not answer within ${timeoutMs / 1000} s.`;
  return 'The processor cannot be reached.';
}
