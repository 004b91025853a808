import { count } from '../../../metrics/dashboard/model/figures.ts';
import type { FabricatedStats } from '../../../scripts/dashboard/fabricated-stats.ts';
import { column, openDashboard, shows, testInBrowser, tile } from '../../_helpers/servers/dashboard.ts';
import { until } from '../../_helpers/until.ts';

function recordsOf(stats: FabricatedStats): number[] {
  return stats.report().processors.flatMap(({ partitions }) => partitions.map(({ records }) => records));
}

testInBrowser('figures follow the reports: rates, lag, time left, state and title', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [
    { partitions: 4, rate: 4000, arriving: 0, backlog: () => 100_000 },
  ]);
  const { page, stats } = dashboard;
  await shows(page.locator('#name'), 'orders-by-customer');
  await shows(page.locator('#state'), 'running');
  await shows(tile(page, 'Records in'), 'Records in – 0 in this run');
  await shows(tile(page, 'Lag'), 'Lag 400,000 in 4 of 4 partitions');
  await dashboard.seconds(2);
  const early = recordsOf(stats);
  await dashboard.seconds(10);
  const [processor] = stats.report().processors;
  const records = processor?.records ?? 0;
  const lag = 400_000 - records;
  const grouped = (value: number) => value.toLocaleString('en-US');
  await shows(tile(page, 'Lag'), `Lag ${grouped(lag)} in 4 of 4 partitions`);
  await shows(
    tile(page, 'Records in'),
    new RegExp(`^Records in [34],\\d{3}/s ${grouped(records)} in this run$`),
  );
  await shows(tile(page, 'Records out'), /^Records out 1,\d{3}\/s /);
  const perSecond = records / 12;
  const expected = new Date((lag / perSecond) * 1000).toISOString().slice(14, 16).replace(/^0/, '');
  await shows(
    tile(page, 'Time left'),
    new RegExp(`^Time left ${expected} min( \\d+ s)? lag falls by ${grouped(Math.round(perSecond))}/s$`),
  );
  t.is(await page.title(), 'running · orders-by-customer');
  await shows(
    page.locator('#facts'),
    /^Up 2 h 12 min Host batch-7\.example\.net Pid 4711 kasper-ts 0\.1\.0 Node 20\.19\.5$/,
  );
  // Of each partition over the last 10 s.
  const rates = recordsOf(stats).map((value, index) => `${count((value - (early[index] ?? 0)) / 10)}/s`);
  t.deepEqual(await column(page, 'rate'), rates);
});

testInBrowser(
  'charts draw what comes, tell it in words and as a table, and show the values under the pointer',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [{}]);
    const { page } = dashboard;
    await dashboard.seconds(20);
    const blue = await page.evaluate<number>(`(() => {
    const { width, height } = document.querySelector('#chart-throughput canvas');
    const { data } = document.querySelector('#chart-throughput canvas').getContext('2d').getImageData(0, 0, width, height);
    return data.filter((value, index) => index % 4 === 2 && value > data[index - 2] + 60).length;
  })()`);
    t.true(blue > 500, `${blue} blue pixels`);
    const plot = page.locator('#chart-throughput .plot');
    t.regex(
      (await plot.getAttribute('aria-label')) ?? '',
      /^Throughput, by time: in [\d,]+\/s now, from [\d,]+\/s to [\d,]+\/s; out /,
    );
    t.regex(
      (await page.locator('#chart-batches .plot').getAttribute('aria-label')) ?? '',
      /process [\d.]+ ms now/,
    );
    await page.locator('#chart-lag summary').click();
    await shows(page.locator('#chart-lag tbody tr').first(), /^\d\d:\d\d [\d,]+ [\d,]+$/);
    const moment = page.locator('#chart-lag .chart-moment');
    await shows(moment, '');
    const box = await page.locator('#chart-throughput .u-over').boundingBox();
    if (box === null) throw new Error('no chart');
    await page.mouse.move(box.x + box.width - 20, box.y + 40);
    await dashboard.page.clock.runFor(50);
    await shows(moment, /^\d\d:\d\d:\d\d$/);
  },
);

testInBrowser(
  'a lost connection is told with the age of the data, and recovers by itself when another process answers',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [{ partitions: 4 }]);
    const { page, server, stats } = dashboard;
    await dashboard.seconds(8);
    server.answer = undefined;
    for (let second = 0; second < 12; second++) await dashboard.turn(1000);
    await shows(
      page.locator('#lost'),
      /^Connection lost The last data is 1[1-4] s old\. The processor cannot be reached\. Retrying…$/,
    );
    await shows(page.locator('#live'), 'Not live');
    t.is(await page.title(), 'connection lost · orders-by-customer');
    t.true(await page.locator('body.is-lost').isVisible());
    await shows(tile(page, 'Records in'), /^Records in [\d,]+\/s /);

    server.answer = () => '<html>a proxy</html>';
    await dashboard.turn(1000);
    await shows(page.locator('#lost'), /Another program answers at this address\. Retrying…$/);

    server.answer = () => stats.report();
    server.isCut = true;
    await dashboard.turn(1000);
    await shows(page.locator('#lost'), /The processor cannot be reached\. Retrying…$/);
    server.isCut = false;

    stats.restart(5000);
    const [processor] = stats.processors;
    if (processor !== undefined) processor.rate = 8000;
    server.answer = () => stats.report();
    await dashboard.turn(1000);
    await shows(page.locator('#live'), 'Live');
    t.true(await page.locator('#lost').isHidden());
    await shows(
      page.locator('#restarted'),
      /^Restarted: pid 5000 has answered since \d\d:\d\d:\d\d; before that it was pid 4711\.$/,
    );
    await shows(page.locator('#pid'), '5000');
    // Counters went back to 0: nothing is known until there are two samples, and nothing is below
    // 0.
    await shows(tile(page, 'Records in'), 'Records in – 0 in this run');
    await dashboard.seconds(6);
    await shows(tile(page, 'Records in'), /^Records in [5-9],\d{3}\/s /);
    t.is(await page.title(), 'running · orders-by-customer');
    t.notRegex((await page.locator('#chart-throughput .plot').getAttribute('aria-label')) ?? '', /-\d/);
  },
);

testInBrowser('after a restart the partitions are those that it has now', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [
    { partitions: 3 },
    { name: 'refunds', topics: ['refunds'], partitions: 2 },
  ]);
  const { page, server, stats } = dashboard;
  await shows(page.locator('#partition-count'), '5 partitions');
  await page.getByRole('button', { name: /^refunds/ }).click();
  await shows(page.locator('#partition-count'), '2 partitions');
  const report = stats.report();
  server.answer = () => ({ ...report, pid: 9, processors: report.processors.slice(0, 1) });
  await dashboard.turn(1000);
  await shows(page.locator('#partition-count'), '3 partitions');
  t.deepEqual(await column(page, 'topic'), ['orders', 'orders', 'orders']);
  t.is(await page.locator('#partition-rows tr').count(), 3);
  t.true(await page.locator('#processors').isHidden());
});

testInBrowser('one of several workers is chosen, and all that is shown is its own', async (t, browser) => {
  const dashboard = await openDashboard(
    t,
    browser,
    [1, 2, 3].map((worker) => ({
      worker,
      topics: [`topic-${worker}`],
      partitions: 2,
      backlog: () => worker * 1000,
      rate: 0,
      arriving: 0,
    })),
  );
  const { page } = dashboard;
  await shows(tile(page, 'Lag'), 'Lag 12,000 in 6 of 6 partitions');
  const second = page.getByRole('button', { name: /^worker 2/ });
  await second.click();
  await shows(tile(page, 'Lag'), 'Lag 4,000 in 2 of 2 partitions');
  t.deepEqual(await column(page, 'topic'), ['topic-2', 'topic-2']);
  t.is(await second.getAttribute('aria-pressed'), 'true');
  await dashboard.seconds(2);
  await shows(tile(page, 'Lag'), 'Lag 4,000 in 2 of 2 partitions');
  await page.getByRole('button', { name: /^All/ }).click();
  await shows(tile(page, 'Lag'), 'Lag 12,000 in 6 of 6 partitions');
  t.deepEqual(await column(page, 'processor'), [
    'worker 1',
    'worker 1',
    'worker 2',
    'worker 2',
    'worker 3',
    'worker 3',
  ]);
});

testInBrowser(
  'a processor that fails is told at once: banner, title, partition, errors',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [{ partitions: 8 }]);
    const { page, stats } = dashboard;
    t.true(await page.locator('#problems').isHidden());
    await shows(page.locator('#errors-empty'), 'None so far.');
    const [processor] = stats.processors;
    if (processor === undefined) throw new Error('fabricated');
    const failure = { code: 'PROCESS_ERROR', message: 'process failed on orders/7: out of cheese' };
    processor.state = 'failed';
    processor.failure = failure;
    processor.errors = [
      { at: stats.report().now, partition: 7, ...failure },
      { at: stats.report().now - 60_000, code: 'TIMEOUT', message: 'broker 1 did not answer' },
    ];
    stats.health = {
      healthy: false,
      degraded: false,
      ready: false,
      problems: [`orders-by-customer: has failed: ${failure.message}`, 'the event loop is blocked'],
    };
    stats.eventLoop = { blockedMs: 12_400, longestBlockMs: 12_400 };
    await dashboard.seconds(1);
    await shows(
      page.locator('#problems'),
      'The run has failed PROCESS_ERROR: process failed on orders/7: out of cheese the event loop is blocked',
    );
    t.is(await page.locator('#problems').getAttribute('role'), 'alert');
    t.is(await page.title(), 'failed · orders-by-customer');
    await shows(page.locator('#state'), 'failed');
    await shows(page.locator('#partition-rows .step-failed'), 'failed');
    await shows(
      page.locator('#error-list li').first(),
      /^\d\d:\d\d:\d\d PROCESS_ERROR partition 7 process failed on orders\/7: out of cheese$/,
    );
    await shows(page.locator('#error-list li').last(), /^\d\d:\d\d:\d\d TIMEOUT broker 1 did not answer$/);
    await shows(tile(page, 'Event loop'), 'Event loop blocked 12 s longest block 12 s');
    await shows(tile(page, 'Errors'), 'Errors 2 last one 1 s ago');
    await dashboard.seconds(6);
    await shows(tile(page, 'Time left'), 'Time left – nothing is processed');
  },
);

testInBrowser(
  'before there is a processor, and before it has partitions, the page says so',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, []);
    const { page, server, stats } = dashboard;
    await shows(page.locator('#name'), 'No processor yet');
    await shows(
      page.locator('#partitions-empty'),
      'No processor runs in this process yet. It appears here as soon as it starts.',
    );
    t.is(await page.title(), 'waiting · kasper-ts');
    const other = await openDashboard(t, browser, [{ state: 'starting' }]);
    other.stats.health = {
      healthy: true,
      degraded: false,
      ready: false,
      problems: ['orders-by-customer: is starting'],
    };
    await other.seconds(1);
    await shows(other.page.locator('#partitions-empty'), 'No partitions yet: the processor is starting.');
    await shows(other.page.locator('#problems'), 'Not ready yet orders-by-customer: is starting');
    await shows(tile(other.page, 'Lag'), 'Lag – no partitions yet');
    const { processors } = other.stats.report();
    server.answer = () => ({ ...stats.report(), processors });
    await dashboard.turn(1000);
    await shows(page.locator('#name'), 'orders-by-customer');
  },
);

testInBrowser(
  'the page works behind a path prefix, with and without a slash at its end',
  async (t, browser) => {
    const dashboard = await openDashboard(t, browser, [{ partitions: 2 }], { prefix: '/jobs/orders' });
    const { page, server } = dashboard;
    await shows(page.locator('#partition-count'), '2 partitions');
    const { answers } = server;
    await page.goto(server.url.replace(/\/$/, ''));
    await until(() => server.answers > answers, { deadlineMs: 10_000, what: 'a report without the slash' });
    await shows(page.locator('#partition-count'), '2 partitions');
    t.is(new URL(page.url()).pathname, '/jobs/orders');
  },
);

testInBrowser('while nobody looks it asks seldom, and at once when somebody does', async (t, browser) => {
  const dashboard = await openDashboard(t, browser, [{ partitions: 2 }]);
  const { page, server } = dashboard;
  const setHidden = (hidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
  await setHidden(true);
  await dashboard.turn(1000);
  await shows(page.locator('#live'), 'Live');
  const { asked } = server;
  await page.clock.runFor(14_000);
  t.is(server.asked, asked);
  await setHidden(false);
  await until(() => server.asked > asked, { deadlineMs: 10_000, what: 'a request at once' });
});
