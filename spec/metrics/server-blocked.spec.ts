import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import type { StatsReport } from '../../metrics/index.ts';
import { getJson, httpGet } from '../_helpers/http-get.ts';
import { startMonitorChild } from '../_helpers/jobs/monitor-child.ts';
import { until } from '../_helpers/until.ts';

/** That of the child, and what it takes at most until it shows. */
const BLOCKED_AFTER_MS = 1_000;
const SHOWN_WITHIN_MS = 1_500;

async function gauge(url: string, name: string): Promise<number> {
  const { text } = await httpGet(`${url}/metrics`);
  return Number(new RegExp(`^kasper_event_loop_${name}_seconds (.*)$`, 'm').exec(text)?.[1]);
}

const deadline = { deadlineMs: 10_000 };

test('a blocked process: health tells so from outside, metrics and stats are the last known with the block, and then all is well again', async (t) => {
  const { url, send } = await startMonitorChild(t);
  t.is((await getJson(`${url}/healthz`)).status, 200);
  const known = await httpGet(`${url}/metrics`);
  const began = performance.now();
  send({ blockMs: 4_000 });
  const health = await until(
    async () => {
      const answer = await getJson(`${url}/healthz`);
      return answer.status === 503 && answer;
    },
    { ...deadline, what: 'an unhealthy process' },
  );
  const shownMs = performance.now() - began;
  t.true(shownMs >= BLOCKED_AFTER_MS - 50 && shownMs < BLOCKED_AFTER_MS + SHOWN_WITHIN_MS, String(shownMs));
  const { problems } = health.body as { problems: string[] };
  t.is(problems.length, 1);
  t.regex(problems[0] ?? '', /^The event loop has been blocked for [1-4] s: .*batchSize.*worker threads$/);
  t.is((await getJson(`${url}/readyz`)).status, 503);

  const asked = performance.now();
  const { status, text } = await httpGet(`${url}/metrics`);
  t.true(performance.now() - asked < 1_000);
  t.is(status, 200);
  t.is(/^scrapes .*$/m.exec(text)?.[0], /^scrapes .*$/m.exec(known.text)?.[0], 'the last exposition');
  t.true((await gauge(url, 'blocked')) >= 1);
  t.true((await gauge(url, 'longest_block')) >= 1);

  const { body } = await getJson(`${url}/api/stats`);
  const report = body as StatsReport;
  t.is(report.processors.length, 1);
  t.false(report.health.healthy);
  t.true(report.eventLoop.blockedMs >= BLOCKED_AFTER_MS);
  t.true(Math.abs(report.now - Date.now()) < 1_000);
  t.is((await httpGet(`${url}/`)).status, 200);

  await until(async () => (await getJson(`${url}/healthz`)).status === 200, { ...deadline, what: 'its end' });
  t.true(performance.now() - began < 4_000 + SHOWN_WITHIN_MS);
  t.is(await gauge(url, 'blocked'), 0);
  const longest = await gauge(url, 'longest_block');
  t.true(longest > 3 && longest < 6, String(longest));
});

test('a short stall is in the gauges alone: health is as it was told last, without waiting for it', async (t) => {
  const { url, send } = await startMonitorChild(t);
  send({ problem: 'stalls' });
  await until(async () => (await getJson(`${url}/healthz`)).status === 503, {
    ...deadline,
    what: 'the problem',
  });
  send({ blockMs: 900 });
  const began = performance.now();
  for (let asked = 0; asked < 3; asked++) {
    const { body } = await getJson(`${url}/healthz`);
    t.deepEqual(body, { healthy: false, degraded: false, problems: ['orders: stalls'] });
  }
  t.true(performance.now() - began < 2_500);
  await until(async () => (await gauge(url, 'longest_block')) >= 0.4, { ...deadline, what: 'the stall' });
});

test('a process that was suspended as a whole is not taken for a blocked one', async (t) => {
  const { url, process: child } = await startMonitorChild(t);
  t.is((await getJson(`${url}/healthz`)).status, 200);
  child.kill('SIGSTOP');
  await setTimeout(2_500);
  child.kill('SIGCONT');
  for (let asked = 0; asked < 10; asked++) t.is((await getJson(`${url}/healthz`)).status, 200);
  t.true((await gauge(url, 'longest_block')) < 2);
});

test('blocked before anybody has asked: there is still something to tell', async (t) => {
  const { url, send } = await startMonitorChild(t);
  send({ blockMs: 2_500 });
  const { body } = await getJson(`${url}/api/stats`);
  t.is((body as StatsReport).processors.length, 1);
  const { status, text } = await httpGet(`${url}/metrics`);
  t.is(status, 200);
  t.regex(text, /^scrapes 1$/m);
});
