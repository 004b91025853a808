import type { Page } from 'playwright-core';
import { column, openDashboard, shows, testInBrowser } from '../../_helpers/servers/dashboard.ts';

const many = {
  topics: ['orders', 'returns'],
  partitions: 250,
  backlog: (partition: number) => ((partition * 37) % 15) * 1000,
};

/** Counts the nodes that are added and removed below #content from now on. */
function observe(page: Page): Promise<unknown> {
  return page.evaluate(`
    window.changes = 0;
    new MutationObserver((records) => {
      for (const { addedNodes, removedNodes } of records) window.changes += addedNodes.length + removedNodes.length;
    }).observe(document.getElementById('content'), { childList: true, subtree: true });
  `);
}

testInBrowser(
  'with 500 partitions an update changes texts in place: nothing is made, moved or removed',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [many]);
    const { page } = dashboard;
    await shows(page.locator('#partition-count'), '500 partitions');
    await dashboard.seconds(2);
    const count = () => page.evaluate<number>('document.getElementsByTagName("*").length');
    const elements = await count();
    const [first] = await column(page, 'committed');
    await observe(page);
    await dashboard.seconds(5);
    t.not((await column(page, 'committed'))[0], first);
    t.is(await count(), elements);
    t.is(await page.evaluate('window.changes'), 0);
    t.is(await page.locator('#lag-cells > i').count(), 500);
  },
);

testInBrowser(
  '500 partitions: the headers stay in view, and the table scrolls within itself',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [many], { viewport: { width: 1440, height: 900 } });
    const { page } = dashboard;
    const scroller = page.locator('#partition-scroll');
    await scroller.scrollIntoViewIfNeeded();
    await page.evaluate(`document.getElementById('partition-scroll').scrollTop = 5000`);
    const top = (await scroller.boundingBox())?.y ?? 0;
    const head = await page.locator('#partition-heads th').first().boundingBox();
    t.true(Math.abs((head?.y ?? 0) - top) < 4, `the head is at ${head?.y}, the table at ${top}`);
    await scroller.focus();
    await page.keyboard.press('Home');
    const pageHeight = await page.evaluate<number>('document.documentElement.scrollHeight');
    t.true(pageHeight < 2000, `${pageHeight} px`);
  },
);

testInBrowser(
  'every column sorts by click and by keyboard, and says so to assistive technology',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [
      {
        topics: ['orders'],
        partitions: 12,
        rate: 0,
        arriving: 0,
        backlog: (partition) => (partition * 7) % 12,
      },
    ]);
    const { page } = dashboard;
    await shows(page.locator('#partition-count'), '12 partitions');
    const heads = page.locator('#partition-heads th:not(.col-processor)');
    for (let index = 0; index < (await heads.count()); index++) {
      const head = heads.nth(index);
      const button = head.getByRole('button');
      await button.focus();
      await page.keyboard.press('Enter');
      const first = await head.getAttribute('aria-sort');
      t.true(first === 'ascending' || first === 'descending', (await head.innerText()) + String(first));
      await button.click();
      t.not(await head.getAttribute('aria-sort'), first);
      t.is(await page.locator('[aria-sort]:not([aria-sort=none])').count(), 1);
    }
    await page.getByRole('button', { name: 'Lag', exact: true }).click();
    t.deepEqual(await column(page, 'lag'), ['11', '10', '9', '8', '7', '6', '5', '4', '3', '2', '1', '0']);
    await page.getByRole('button', { name: 'Lag', exact: true }).press('Space');
    t.deepEqual((await column(page, 'lag')).slice(0, 3), ['0', '1', '2']);
    await page.getByRole('button', { name: 'Part.', exact: true }).click();
    t.deepEqual(
      await column(page, 'partition'),
      Array.from({ length: 12 }, (_, partition) => String(partition)),
    );
  },
);

testInBrowser(
  'rows follow their order as values change, and the filter holds over updates',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [{ topics: ['orders', 'returns'], partitions: 12 }]);
    const { page, server, stats } = dashboard;
    await page.getByRole('button', { name: 'Lag', exact: true }).click();
    const report = stats.report();
    server.answer = () => ({
      ...report,
      processors: report.processors.map((processor) => ({
        ...processor,
        partitions: processor.partitions.map((each) =>
          each.topic === 'returns' && each.partition === 3 ? { ...each, lag: 99_999_999 } : each,
        ),
      })),
    });
    await dashboard.turn(1000);
    await shows(page.locator('#partition-rows tr').first(), /^returns 3 /);
    await page.getByRole('searchbox').fill('returns/1');
    await shows(page.locator('#partition-count'), '3 of 24 partitions');
    t.deepEqual((await column(page, 'partition')).toSorted(), ['1', '10', '11']);
    await dashboard.turn(1000);
    await shows(page.locator('#partition-count'), '3 of 24 partitions');
    await page.getByRole('searchbox').fill('nothing like it');
    await shows(page.locator('#partition-count'), '0 of 24 partitions');
    await page.getByRole('searchbox').fill('');
    await shows(page.locator('#partition-count'), '24 partitions');
  },
);

testInBrowser('a cell of the lag strip tells its partition, and leads to its row', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [{ ...many, rate: 0, arriving: 0 }]);
  const { page } = dashboard;
  const strip = page.locator('#lag-cells');
  await shows(page.locator('#lag-note'), 'Furthest behind: orders/2 by 14,000');
  t.is(await strip.getAttribute('aria-label'), 'Furthest behind: orders/2 by 14,000');
  const cell = strip.locator('i').nth(402);
  await cell.hover();
  await shows(page.locator('#lag-note'), /^returns\/152: lag 14,000, /);
  t.is(await cell.getAttribute('class'), 'heat-4');
  await cell.click();
  const found = page.locator('#partition-rows tr.found');
  await shows(found, /^returns 152 /);
  t.true(((await found.boundingBox())?.y ?? -1) > 0);
});
