import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchChromium } from './dashboard/chromium.ts';
import { FabricatedStats, type FabricatedProcessor } from './dashboard/fabricated-stats.ts';
import { OpenDashboard } from './dashboard/open-dashboard.ts';
import { repositoryRoot } from './services/folders.ts';

/** One picture of the dashboard: `npm run screenshots -- [folder [name …]]`. */
interface Picture {
  readonly name: string;
  /** Its file in the repository, where it is checked in. Default: in the folder, by its name. */
  readonly file?: string;
  readonly processors: readonly Partial<FabricatedProcessor>[];
  readonly context?: BrowserContextOptions;
  /** Whether the picture shows the whole page, or only what is visible at first. */
  readonly whole?: boolean;
  /** Changes the reports after some minutes, and what the page shows. */
  readonly then?: (dashboard: OpenDashboard) => Promise<void> | void;
  /** For how many seconds the page was open before. Default 150. */
  readonly seconds?: number;
}

const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
const dark: BrowserContextOptions = { ...desktop, colorScheme: 'dark' };
const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

const failure = {
  code: 'PROCESS_ERROR',
  message:
    'process failed on orders/7, offsets 48,933,104 to 48,934,103: Unexpected token < in JSON at position 0. The batch is not committed and is reprocessed: fix the processor, or use a dead letter topic',
};

const errorsAt = (now: number) => [
  { at: now - 9_000, partition: 7, ...failure },
  {
    at: now - 64_000,
    code: 'NOT_LEADER_OR_FOLLOWER',
    message: 'Produce to customers/3 was refused by broker 2: it is no longer the leader. Retrying',
    partition: 3,
  },
  {
    at: now - 26 * 3_600_000,
    code: 'TIMEOUT',
    message: 'OffsetCommit was not answered by broker 1 within 10000 ms. Retrying',
  },
];

const pictures: readonly Picture[] = [
  {
    name: 'front-page',
    file: 'metrics/dashboard/dashboard.png',
    processors: [{ backlog: (partition) => 60_000 + ((partition * 7919) % 11) * 13_000 }],
    context: { viewport: { width: 1440, height: 886 }, colorScheme: 'light' },
  },
  { name: 'desktop-light', processors: [{}], context: desktop, whole: true },
  { name: 'desktop-dark', processors: [{}], context: dark, whole: true },
  { name: 'phone-light', processors: [{ topics: ['orders'], partitions: 6 }], context: phone, whole: true },
  { name: 'phone-dark', processors: [{}], context: { ...phone, colorScheme: 'dark' }, whole: true },
  {
    name: 'partitions-500',
    processors: [
      {
        topics: ['orders', 'returns'],
        partitions: 250,
        backlog: (partition) => Math.round(Math.exp((partition * 37) % 15)) - 1,
      },
    ],
    context: { viewport: { width: 1440, height: 1300 } },
    seconds: 40,
    then: async ({ page }) => {
      await page.getByRole('button', { name: 'Lag', exact: true }).click();
    },
  },
  {
    name: 'partitions-500-wide-dark',
    processors: [
      { partitions: 500, backlog: (partition) => Math.round(Math.exp((partition * 37) % 15)) - 1 },
    ],
    context: { ...dark, viewport: { width: 1920, height: 1200 } },
    seconds: 40,
  },
  {
    name: 'failing',
    processors: [{}],
    context: desktop,
    whole: true,
    then: ({ stats }) => {
      fail(stats);
    },
  },
  {
    name: 'failing-phone-dark',
    processors: [{}],
    context: { ...phone, colorScheme: 'dark' },
    then: ({ stats }) => {
      fail(stats);
    },
  },
  {
    name: 'lost',
    processors: [{}],
    context: desktop,
    then: async ({ server, page }) => {
      server.answer = undefined;
      for (let second = 0; second < 14; second++) await page.clock.runFor(1000);
    },
  },
  {
    name: 'workers',
    processors: [0, 1, 2, 3].map((worker) => ({
      worker: worker + 1,
      partitions: 4,
      rate: 6000,
      arriving: 5200 + worker * 300,
    })),
    context: desktop,
    whole: true,
    then: async ({ page }) => {
      await page.getByRole('button', { name: /worker 3/ }).click();
    },
  },
  { name: 'starting', processors: [{ state: 'starting' }], context: desktop },
  { name: 'nothing-yet', processors: [], context: desktop },
];

function fail(stats: FabricatedStats): void {
  const [processor] = stats.processors;
  if (processor === undefined) return;
  processor.state = 'failed';
  processor.failure = failure;
  processor.errors = errorsAt(stats.report().now);
  stats.health = {
    healthy: false,
    degraded: false,
    ready: false,
    problems: ['orders-by-customer has failed: ' + failure.message],
  };
}

async function take(browser: Browser, folder: string, picture: Picture): Promise<void> {
  const start = new Date(2026, 10, 28, 14, 2, 11).getTime();
  const stats = new FabricatedStats(start, ...picture.processors);
  const state = picture.processors[0]?.state;
  if (state === 'starting')
    stats.health = {
      healthy: true,
      degraded: false,
      ready: false,
      problems: ['orders-by-customer is starting: its partitions are being claimed'],
    };
  const dashboard = await OpenDashboard.open(browser, stats, picture.context);
  try {
    await dashboard.seconds(picture.seconds ?? 150);
    if (picture.then !== undefined) {
      await picture.then(dashboard);
      if (dashboard.server.answer !== undefined) await dashboard.seconds(4);
    }
    const path =
      picture.file === undefined ? join(folder, `${picture.name}.png`) : join(repositoryRoot, picture.file);
    if (picture.whole === true) {
      // Rows that are out of sight are not rendered: the window is made as high as the page.
      const { width = 0 } = dashboard.page.viewportSize() ?? {};
      const height = await dashboard.page.evaluate<number>('document.documentElement.scrollHeight');
      await dashboard.page.setViewportSize({ width, height });
      await dashboard.seconds(1);
    }
    await dashboard.page.screenshot({ path });
    console.log(path);
  } finally {
    await dashboard.close();
  }
}

const [folder = await mkdtemp(join(tmpdir(), 'kasper-dashboard-')), ...names] = process.argv.slice(2);
const browser = await launchChromium();
try {
  for (const picture of pictures) {
    if (names.length === 0 || names.includes(picture.name)) await take(browser, folder, picture);
  }
} finally {
  await browser.close();
}
