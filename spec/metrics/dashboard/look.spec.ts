import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ExecutionContext } from 'ava';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { FabricatedProcessor } from '../../../scripts/dashboard/fabricated-stats.ts';
import type { OpenDashboard } from '../../../scripts/dashboard/open-dashboard.ts';
import { openDashboard, shows, testInBrowser } from '../../_helpers/servers/dashboard.ts';
import { until } from '../../_helpers/until.ts';

const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
};
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds that is serious or critical. */
async function seriousFaults(page: Page): Promise<string[]> {
  // It waits by timers.
  await page.clock.resume();
  const { violations } = await page.evaluate<AxeResults>(
    `(() => { ${axe}; return globalThis.axe.run(document, { resultTypes: ['violations'] }); })()`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
}

function fail({ stats }: OpenDashboard): void {
  const [processor] = stats.processors;
  if (processor === undefined) throw new Error('fabricated');
  const failure = { code: 'PROCESS_ERROR', message: 'process failed' };
  Object.assign(processor, { state: 'failed', failure, errors: [{ at: stats.report().now, ...failure }] });
  stats.health = { healthy: false, degraded: false, ready: false, problems: ['the run has failed'] };
}

const looks: readonly [name: string, options: BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, phone', { ...phone, colorScheme: 'light' }],
  ['dark, phone', { ...phone, colorScheme: 'dark' }],
];

for (const [name, options] of looks) {
  testInBrowser(`axe-core finds nothing serious: ${name}`, async (t, browser) => {
    const dashboard = await openDashboard(
      t,
      browser,
      [1, 2].map((worker) => ({ worker, partitions: 12 })),
      options,
    );
    await dashboard.seconds(6);
    await dashboard.page.locator('#chart-lag summary').click();
    t.deepEqual(await seriousFaults(dashboard.page), []);
    fail(dashboard);
    await dashboard.seconds(1);
    await shows(dashboard.page.locator('#state'), 'failed');
    t.deepEqual(await seriousFaults(dashboard.page), []);
  });
}

testInBrowser('colours follow the system, and the button, which is remembered', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [{}], { colorScheme: 'dark' });
  const { page } = dashboard;
  const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const dark = await background();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  t.not(light, dark);
  const button = page.getByRole('button', { name: /^Theme/ });
  await shows(button, 'Theme: auto');
  await button.click();
  await shows(button, 'Theme: light');
  await button.press('Enter');
  await shows(button, 'Theme: dark');
  t.is(await background(), dark);
  await page.reload();
  await shows(button, 'Theme: dark');
  t.is(await background(), dark);
  await button.click();
  await shows(button, 'Theme: auto');
  t.is(await background(), light);
});

testInBrowser('charts are drawn anew in the colours of the theme', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [{}], { colorScheme: 'light' });
  const { page } = dashboard;
  await dashboard.seconds(5);
  const picture = () => page.evaluate<string>(`document.querySelector('#chart-lag canvas').toDataURL()`);
  const light = await picture();
  await page.emulateMedia({ colorScheme: 'dark' });
  // The page is told of the other scheme some time after this, and draws with the next turn of its
  // clock.
  const isAnother = async () => {
    await page.clock.runFor(50);
    return (await picture()) !== light;
  };
  await until(isAnother, { deadlineMs: 20_000, what: 'another picture of the same chart' });
  t.not(await picture(), light);
});

async function assertNoSideways(t: ExecutionContext, page: Page): Promise<void> {
  const { scroll, client } = await page.evaluate<{ scroll: number; client: number }>(
    `({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth })`,
  );
  t.true(scroll <= client, `${scroll} px in ${client}`);
}

testInBrowser(
  'on a phone the page never scrolls sideways, whatever names and messages are',
  async (t, browser) => {
    const long = 'a-topic-with-a-name-that-has-no-end-'.repeat(6);
    const processors: Partial<FabricatedProcessor>[] = [
      {
        name: `p-${long}`,
        topics: [long],
        partitions: 14,
        errors: [{ at: Date.UTC(2026, 10, 28, 11), code: 'C'.repeat(80), message: long }],
      },
      { name: 'other', partitions: 2 },
    ];
    const dashboard = await openDashboard(t, browser, processors, phone);
    const { page } = dashboard;
    await dashboard.seconds(2);
    await assertNoSideways(t, page);
    dashboard.stats.health = { healthy: false, degraded: false, ready: false, problems: [long] };
    await dashboard.seconds(1);
    await page.getByRole('checkbox', { name: 'All figures' }).check();
    await shows(page.locator('#problems'), /a-topic/);
    await assertNoSideways(t, page);
    t.true(await page.locator('#partition-rows tr').first().locator('.col-commit').isVisible());
  },
);

testInBrowser('on a phone partitions are cards, sorted by a list', async (t, browser) => {
  const dashboard = await openDashboard(
    t,
    browser,
    [{ partitions: 12, rate: 0, arriving: 0, backlog: (partition) => partition }],
    phone,
  );
  const { page } = dashboard;
  const first = page.locator('#partition-rows tr').first();
  await shows(first, /^orders 0 /);
  await page.getByLabel('Sort by').selectOption('lag');
  await shows(first.locator('.col-lag'), '11');
  await page.getByRole('button', { name: 'Largest first' }).click();
  await shows(first.locator('.col-lag'), '0');
  const card = await first.boundingBox();
  t.true((card?.width ?? 0) <= 360 && (card?.height ?? 0) > 60);
});

testInBrowser('everything can be reached by keyboard, in order, and is seen to be', async (t, browser) => {
  const dashboard = await openDashboard(
    t,
    browser,
    [1, 2].map((worker) => ({ worker, partitions: 3 })),
  );
  const { page } = dashboard;
  await shows(page.locator('#partition-count'), '6 partitions');
  const reached: string[] = [];
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press('Tab');
    const [name, outline] = await page.evaluate<[string, string]>(`(() => {
      const { activeElement: element } = document;
      if (element === document.body) return ['BODY', ''];
      return [element.id || element.textContent.trim() || element.tagName, getComputedStyle(element).outlineStyle];
    })()`);
    if (name === reached[0] || name === 'BODY') break;
    reached.push(name);
    t.not(outline, 'none', name);
  }
  t.is(reached[0], 'Skip to the figures');
  t.is(reached[1], 'theme');
  t.regex(reached[2] ?? '', /^All/);
  t.deepEqual(reached.slice(5, 8), ['Figures', 'Figures', 'Figures']);
  t.deepEqual(reached.slice(8, 12), ['filter', 'partition-scroll', 'Topic', 'Part.']);
  t.is(reached.at(-1), 'Commit');
  await page.locator('.skip').focus();
  await page.keyboard.press('Enter');
  t.is(await page.evaluate('document.activeElement.id'), 'content');
});

testInBrowser('with reduced motion nothing moves', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [{}], { reducedMotion: 'reduce' });
  const moving = await dashboard.page.evaluate(`[...document.querySelectorAll('*')].filter((element) => {
    const { transitionDuration, animationName } = getComputedStyle(element);
    return transitionDuration !== '0s' || animationName !== 'none';
  }).length`);
  t.is(moving, 0);
});

testInBrowser(
  'markup in names, messages and codes is text: nothing of it runs or is loaded',
  async (t, browser) => {
    const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'><b>`;
    const error = { at: Date.UTC(2026, 10, 28, 11), code: evil, message: evil, partition: 1 };
    const dashboard = await openDashboard(t, browser, [
      {
        name: evil,
        topics: [evil, `</script>${evil}`],
        partitions: 14,
        failure: error,
        errors: [error],
        state: 'failed',
      },
      { name: `2${evil}`, topics: ['__proto__', 'constructor'], partitions: 2, worker: 1 },
    ]);
    const { page, server, stats } = dashboard;
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).pathname));
    stats.health = { healthy: false, degraded: false, ready: false, problems: [evil] };
    stats.host = evil;
    stats.version = evil;
    const report = stats.report();
    server.answer = () => ({
      ...report,
      node: evil,
      processors: report.processors.map((processor) => ({
        ...processor,
        batchesByTrigger: { [evil]: 5 },
        partitionProcessors: processor.partitionProcessors.map((each) => ({
          ...each,
          step: `${evil} x`,
          ...(each.lastBatch !== null && { lastBatch: { ...each.lastBatch, trigger: evil } }),
        })),
      })),
    });
    await dashboard.turn(1000);
    await dashboard.turn(1000);
    await page.locator('#lag-cells > i').first().hover();
    await shows(page.locator('#partition-rows th').filter({ hasText: /^<img/ }).first(), evil);
    await shows(page.locator('#problems li').first(), `${evil}: ${evil}: ${evil}`);
    await shows(page.locator('#error-list .message').first(), evil);
    await shows(page.locator('#host'), evil);
    t.is(await page.evaluate('window.hacked'), undefined);
    t.is(await page.locator('img, #content script, b').count(), 0);
    t.deepEqual([...asked], ['/api/stats']);
    // Not even code of the page's own could do it.
    const other = await dashboard.context.newPage();
    await other.goto(server.url);
    const injected = await other.evaluate(`document.body.innerHTML = '<img src=x>'`).then(
      () => 'it could be written',
      (refused: unknown) => String(refused),
    );
    t.regex(injected, /TrustedHTML/);
  },
);
