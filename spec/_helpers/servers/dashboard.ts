import test, { type ExecutionContext } from 'ava';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../../scripts/dashboard/chromium.ts';
import { FabricatedStats, type FabricatedProcessor } from '../../../scripts/dashboard/fabricated-stats.ts';
import { OpenDashboard, type OpenDashboardOptions } from '../../../scripts/dashboard/open-dashboard.ts';
import { testWith } from './services.ts';
import { until } from '../until.ts';

let browser: Promise<Browser> | undefined;

/**
 * A spec with Chromium, one for all of the file. Where it is missing the spec is skipped or failed
 * as others that call programs.
 */
export function testInBrowser(
  title: string,
  implementation: (t: ExecutionContext, browser: Browser) => Promise<void>,
): void {
  const withBrowser = async (t: ExecutionContext) => {
    browser ??= launchChromium();
    await implementation(t, await browser);
  };
  testWith(['chromium'], title, withBrowser, test.serial);
}

test.after.always('the browser is closed', async (t) => {
  await (await browser)?.close();
  t.pass();
});

/** A dashboard of fabricated processors. */
export async function openDashboard(
  t: ExecutionContext,
  on: Browser,
  processors: readonly Partial<FabricatedProcessor>[],
  options: OpenDashboardOptions = {},
): Promise<OpenDashboard> {
  const stats = new FabricatedStats(Date.UTC(2026, 10, 28, 12), ...processors);
  const dashboard = await OpenDashboard.open(on, stats, {
    ...options,
    onPage(page) {
      forbidFaults(t, page);
      options.onPage?.(page);
    },
  });
  t.teardown(() => dashboard.close());
  return dashboard;
}

/**
 * At the end of the spec the page must have asked no other host, and met no error; what its policy
 * refused is one.
 */
export function forbidFaults(t: ExecutionContext, page: Page): void {
  const faults: string[] = [];
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && hostname !== '127.0.0.1') faults.push(`asked ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // A server that is gone is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  t.teardown(() => {
    if (faults.length > 0) throw new Error(`The page did what it must not: ${faults.join('; ')}`);
  });
}

/**
 * Rows out of sight are not rendered, so that they have no innerText; theirs is that of their
 * cells.
 */
async function textOf(locator: Locator): Promise<string> {
  const text =
    (await locator.getAttribute('role')) === 'row'
      ? (await locator.locator('> *').allTextContents()).join(' ')
      : (await locator.innerText()) || ((await locator.textContent()) ?? '');
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Waits until an element's text is, or matches, what is expected. */
export async function shows(locator: Locator, expected: string | RegExp): Promise<void> {
  await until(
    async () => {
      const text = await textOf(locator);
      if (typeof expected === 'string' ? text === expected : expected.test(text)) return true;
      throw new Error(`it shows '${text}'`);
    },
    { deadlineMs: 10_000, what: `${locator.toString()} to show ${String(expected)}`, retryErrors: true },
  );
}

/** The tile with this label. */
export function tile(page: Page, label: string): Locator {
  return page.locator('.tile').filter({ has: page.getByText(label, { exact: true }) });
}

/** The texts of a column of the table, from the top; of rows that are shown. */
export async function column(page: Page, id: string): Promise<string[]> {
  return page.locator(`#partition-rows tr:not([hidden]) .col-${id}`).allTextContents();
}
