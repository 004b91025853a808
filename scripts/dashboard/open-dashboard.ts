import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { until } from '../services/until.ts';
import type { FabricatedStats } from './fabricated-stats.ts';
import { StubServer } from './stub-server.ts';

export interface OpenDashboardOptions extends BrowserContextOptions {
  /** What a proxy would have added to the path of the page. */
  readonly prefix?: string;
  /** Called before the dashboard is loaded. */
  readonly onPage?: (page: Page) => void;
}

/** The dashboard in a browser. It shows fabricated figures, and its owner controls its clock. */
export class OpenDashboard {
  readonly page: Page;
  readonly server: StubServer;
  readonly stats: FabricatedStats;
  readonly context: BrowserContext;

  private constructor(page: Page, server: StubServer, stats: FabricatedStats) {
    this.page = page;
    this.context = page.context();
    this.server = server;
    this.stats = stats;
  }

  /** Opens it, and shows the first report. */
  static async open(
    browser: Browser,
    stats: FabricatedStats,
    { prefix, onPage, ...options }: OpenDashboardOptions = {},
  ): Promise<OpenDashboard> {
    const server = await StubServer.start(() => stats.report(), prefix);
    const context = await browser.newContext(options);
    const page = await context.newPage();
    onPage?.(page);
    const dashboard = new OpenDashboard(page, server, stats);
    const { now } = stats.report();
    await page.clock.install({ time: now - 60_000 });
    await page.clock.pauseAt(now);
    await page.goto(server.url);
    await until(() => server.answers > 0, { deadlineMs: 20_000, what: 'the first report' });
    return dashboard;
  }

  /** Lets seconds pass, each with one report. */
  async seconds(many: number): Promise<void> {
    for (let second = 0; second < many; second++) {
      this.stats.advance(1000);
      await this.turn(1000);
    }
  }

  /**
   * Advances the page's clock until it has sent one more request, whether it is answered or not.
   */
  async turn(ms: number): Promise<void> {
    const before = this.server.asked;
    const hasAsked = () => this.server.asked > before;
    await until(
      async () => {
        await this.page.clock.runFor(ms);
        // If the timer was not set yet, because the previous answer had not arrived, the clock must
        // be advanced once more.
        return until(hasAsked, { deadlineMs: 1000, what: 'the request', everyMs: 5 }).catch(() => false);
      },
      { deadlineMs: 30_000, what: 'the next report' },
    );
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.server.close();
  }
}
