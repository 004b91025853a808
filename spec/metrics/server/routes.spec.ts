import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import type { StatsReport } from '../../../metrics/index.ts';
import { getJson, httpGet } from '../../_helpers/http-get.ts';
import { fakeMonitored, fakeProvider, monitorServer, well } from '../../_helpers/jobs/monitored.ts';
import { until } from '../../_helpers/until.ts';
import { LineLogger } from '../../_helpers/fakes/processor-run.ts';

test('a processor that is well: health, readiness and stats', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored());
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 200,
    body: { healthy: true, degraded: false, problems: [] },
  });
  t.deepEqual(await getJson(`${server.url}/readyz`), { status: 200, body: { ready: true, problems: [] } });
  const before = Date.now();
  const { status, body } = await getJson(`${server.url}/api/stats`);
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const { now, host, eventLoop, ...report } = body as StatsReport;
  t.is(status, 200);
  t.true(now >= before && now <= Date.now());
  t.not(host, '');
  // On a busy machine a beat comes some milliseconds late: that is told as it is, and is far from
  // blockedAfterMs.
  t.true(eventLoop.blockedMs >= 0 && eventLoop.blockedMs < 1_000, String(eventLoop.blockedMs));
  t.true(eventLoop.longestBlockMs >= eventLoop.blockedMs);
  t.deepEqual(report, {
    version,
    pid: process.pid,
    node: process.versions.node,
    health: { healthy: true, degraded: false, ready: true, problems: [] },
    processors: [{ topicProcessorName: 'orders', state: 'running', failure: null }],
  });
});

test('problems of all processors are told with their names: of health, of readiness, and in the stats both', async (t) => {
  const server = monitorServer(t);
  const [orders, payments, refunds] = ['orders', 'payments', 'refunds'].map((name) => fakeMonitored(name));
  for (const processor of [orders, payments, refunds])
    if (processor !== undefined) await server.watch(processor);
  if (orders === undefined || payments === undefined || refunds === undefined) throw new Error('three');
  orders.report = {
    healthy: false,
    degraded: false,
    ready: true,
    problems: ['stalls', 'brokers do not answer'],
  };
  payments.report = { healthy: true, degraded: false, ready: false, problems: ['is starting'] };
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 503,
    body: { healthy: false, degraded: false, problems: ['orders: stalls', 'orders: brokers do not answer'] },
  });
  t.deepEqual(await getJson(`${server.url}/readyz`), {
    status: 503,
    body: { ready: false, problems: ['payments: is starting'] },
  });
  const { body } = await getJson(`${server.url}/api/stats`);
  t.deepEqual((body as StatsReport).health, {
    healthy: false,
    degraded: false,
    ready: false,
    problems: ['orders: stalls', 'orders: brokers do not answer', 'payments: is starting'],
  });
  orders.report = well;
  payments.report = { healthy: false, degraded: false, ready: false, problems: [] };
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 503,
    body: { healthy: false, degraded: false, problems: ['payments: it gives no reason'] },
  });
});

test('what the health() of a processor throws makes it unhealthy, and hides no other one', async (t) => {
  const server = monitorServer(t);
  const broken = fakeMonitored('broken');
  broken.health = () => {
    throw new Error('a fault');
  };
  await server.watch(broken);
  await server.watch(fakeMonitored());
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 503,
    body: { healthy: false, degraded: false, problems: ['broken: its health() threw: Error: a fault'] },
  });
});

test('without a processor a server that listens is healthy, and not ready', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 200,
    body: { healthy: true, degraded: false, problems: [] },
  });
  t.deepEqual(await getJson(`${server.url}/readyz`), {
    status: 503,
    body: { ready: false, problems: ['No processor is running'] },
  });
});

test('a processor that failed is shown after it has ended, until one of its name comes; one that closed is not', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const metrics = fakeProvider();
  const failing = fakeMonitored('orders', metrics);
  const release = await server.watch(failing);
  const releaseOther = await server.watch(fakeMonitored('payments', metrics));
  failing.failure = { code: 'PROCESS', message: 'process failed for orders/0' };
  await release();
  await releaseOther();
  t.deepEqual(await getJson(`${server.url}/healthz`), {
    status: 503,
    body: {
      healthy: false,
      degraded: false,
      problems: ['orders: The run has failed: process failed for orders/0'],
    },
  });
  const { body } = await getJson(`${server.url}/api/stats`);
  t.deepEqual((body as StatsReport).processors, [
    { topicProcessorName: 'orders', state: 'failed', failure: failing.failure },
  ]);
  t.is((await httpGet(`${server.url}/metrics`)).status, 200, 'the last figures can still be scraped');
  const releaseNext = await server.watch(fakeMonitored('orders', fakeProvider()));
  t.is((await getJson(`${server.url}/healthz`)).status, 200);
  t.is((await getJson(`${server.url}/readyz`)).status, 200);
  await releaseNext();
});

test('metrics: text, or OpenMetrics where Accept asks for it', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored('orders', fakeProvider()));
  const url = `${server.url}/metrics`;
  for (const [accept, type] of [
    [undefined, 'text/plain; version=0.0.4'],
    ['*/*', 'text/plain; version=0.0.4'],
    ['application/json', 'text/plain; version=0.0.4'],
    ['application/openmetrics-text;q=0', 'text/plain; version=0.0.4'],
    ['text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.3', 'text/plain; version=0.0.4'],
    ['application/openmetrics-text', 'application/openmetrics-text'],
    [
      // Prometheus 2.
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'application/openmetrics-text',
    ],
    [
      // Prometheus 3.
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      'application/openmetrics-text',
    ],
  ] as const) {
    const answer = await httpGet(url, { headers: accept === undefined ? {} : { accept } });
    t.is(answer.status, 200);
    t.is(answer.headers['content-type'], type, accept ?? 'none');
    t.is(answer.headers.vary, 'Accept, Accept-Encoding');
  }
});

test('each scrape asks the provider once, with several processors as well, and has the event loop in it once', async (t) => {
  const server = monitorServer(t);
  const metrics = fakeProvider('# HELP a b\n');
  await server.watch(fakeMonitored('orders', metrics));
  await server.watch(fakeMonitored('payments', metrics));
  await until(async () => /scrapes [2-9]/.test((await httpGet(`${server.url}/metrics`)).text), {
    deadlineMs: 20_000,
    what: 'those that the server makes when a processor comes',
  });
  const before = metrics.scrapes;
  const { text } = await httpGet(`${server.url}/metrics`, {
    headers: { accept: 'application/openmetrics-text' },
  });
  t.regex(
    text,
    new RegExp(
      [
        '^# HELP a b',
        `scrapes ${before + 1}`,
        '# HELP kasper_event_loop_blocked_seconds .*',
        '# TYPE kasper_event_loop_blocked_seconds gauge',
        '# UNIT kasper_event_loop_blocked_seconds seconds',
        'kasper_event_loop_blocked_seconds [0-9.]+',
        '# HELP kasper_event_loop_longest_block_seconds .*',
        '# TYPE kasper_event_loop_longest_block_seconds gauge',
        '# UNIT kasper_event_loop_longest_block_seconds seconds',
        'kasper_event_loop_longest_block_seconds [0-9.]+',
        '# EOF\n$',
      ].join('\n'),
    ),
  );
  t.is(metrics.scrapes, before + 1);
});

test('gauges of the event loop that a provider has already keep their names and labels, and a higher value', async (t) => {
  const server = monitorServer(t);
  const body =
    '# TYPE my_event_loop_blocked_seconds gauge\nmy_event_loop_blocked_seconds{host="a}b"} 17\n' +
    '# TYPE my_event_loop_longest_block_seconds gauge\nmy_event_loop_longest_block_seconds{host="a}b"} -1\n';
  await server.watch(fakeMonitored('orders', fakeProvider(body)));
  const { text } = await httpGet(`${server.url}/metrics`);
  t.is(text.match(/event_loop_blocked_seconds\{/g)?.length, 1);
  t.regex(text, /^my_event_loop_blocked_seconds\{host="a}b"\} 17$/m);
  t.regex(text, /^my_event_loop_longest_block_seconds\{host="a}b"\} [0-9.]+$/m);
  t.notRegex(text, /kasper/);
});

test('a provider is given the gauges of the event loop, and brings them up to date when its values are read', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const values = new Map<string, number[]>();
  const refreshes = new Set<() => void>();
  const release = await server.watch(
    fakeMonitored('orders', {
      ...fakeProvider(),
      newGauge: ({ name }) => ({
        labels: () => ({ set: (value) => values.set(name, [...(values.get(name) ?? []), value]) }),
      }),
      onCollect(refresh) {
        refreshes.add(refresh);
        return () => refreshes.delete(refresh);
      },
    }),
  );
  for (const refresh of refreshes) refresh();
  t.deepEqual([...values.keys()], ['event_loop_blocked_seconds', 'event_loop_longest_block_seconds']);
  t.deepEqual(values.get('event_loop_blocked_seconds'), [0, 0]);
  await release();
  t.is(refreshes.size, 0);
});

test('without a provider that can be scraped /metrics says how to get one', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored());
  const { status, text } = await httpGet(`${server.url}/metrics`);
  t.is(status, 404);
  t.is(
    text,
    'There is nothing to scrape: the processors have no metrics with expose(). Set their option metrics to new PrometheusMetrics() of kasper-ts/metrics\n',
  );
});

test('two providers cannot be scraped as one: ConfigError that names both processors; one without expose does no harm', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored('orders', fakeProvider()));
  await server.watch(fakeMonitored('quiet'));
  await t.throwsAsync(server.watch(fakeMonitored('payments', fakeProvider())), {
    message:
      "MonitorServer: 'orders' and 'payments' each have metrics of their own, and a scrape cannot contain a metric twice: " +
      'give both the same PrometheusMetrics as the option metrics, or give each its own MonitorServer',
  });
  const { body } = await getJson(`${server.url}/api/stats`);
  t.is((body as StatsReport).processors.length, 2);
});

test('a provider that fails, and stats that throw, are answered 500 with what they threw, and logged', async (t) => {
  const logger = new LineLogger();
  const server = monitorServer(t, { logger });
  const broken = fakeMonitored('orders', {
    ...fakeProvider(),
    expose: () => Promise.reject(new Error('no registry')),
  } as ReturnType<typeof fakeProvider>);
  await server.watch(broken);
  const metrics = await httpGet(`${server.url}/metrics`);
  t.is(metrics.status, 500);
  t.is(metrics.text, 'The metrics could not be read: no registry\n');
  broken.stats = () => {
    throw new Error('no stats');
  };
  const stats = await httpGet(`${server.url}/api/stats`);
  t.is(stats.status, 500);
  t.is(stats.text, 'The stats could not be read: no stats\n');
  t.is((await getJson(`${server.url}/healthz`)).status, 200);
  t.true(logger.messages('error').includes('The monitor server could not answer'));
});

test('a provider that never answers is told from a blocked event loop: 503 within seconds', async (t) => {
  const server = monitorServer(t);
  await server.watch(
    fakeMonitored('orders', {
      ...fakeProvider(),
      expose: () => new Promise<never>(() => undefined),
    } as ReturnType<typeof fakeProvider>),
  );
  const { status, text } = await httpGet(`${server.url}/metrics`);
  t.is(status, 503);
  t.is(text, 'The metrics were not ready within 2000 ms, although the event loop is not blocked\n');
});

test('many that ask at once share one answer', async (t) => {
  const server = monitorServer(t);
  const metrics = fakeProvider();
  await server.watch(fakeMonitored('orders', metrics));
  const before = metrics.scrapes;
  const answers = await Promise.all(Array.from({ length: 100 }, () => httpGet(`${server.url}/metrics`)));
  t.true(answers.every(({ status }) => status === 200));
  t.true(metrics.scrapes - before < 100, String(metrics.scrapes - before));
});

test('the dashboard is one page that may run its own scripts and styles alone', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const { status, headers, text } = await httpGet(`${server.url}/`);
  t.is(status, 200);
  t.is(headers['content-type'], 'text/html; charset=utf-8');
  t.regex(text, /^<!doctype html>/i);
  const policy = headers['content-security-policy'] ?? '';
  t.true(policy.toString().includes("default-src 'none'"));
  t.notRegex(policy.toString(), /script-src[^;]*unsafe/);
  t.is((await httpGet(`${server.url}/?theme=dark#x`)).text, text);
});

test('large answers are compressed for those that take gzip, small ones are not', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored('orders', fakeProvider('# HELP a b\n'.repeat(1_000))));
  const plain = await httpGet(`${server.url}/metrics`);
  const compressed = await httpGet(`${server.url}/metrics`, {
    headers: { 'accept-encoding': 'br, gzip;q=0.8' },
  });
  t.is(plain.headers['content-encoding'], undefined);
  t.is(compressed.headers['content-encoding'], 'gzip');
  t.is(Number(compressed.headers['content-length']), compressed.bytes.length);
  t.true(compressed.bytes.length < plain.bytes.length / 10);
  t.true(gunzipSync(compressed.bytes).toString().startsWith('# HELP a b\n# HELP a b\n'));
  for (const refused of ['gzip;q=0', 'br', 'identity, *;q=0'])
    t.is(
      (await httpGet(`${server.url}/metrics`, { headers: { 'accept-encoding': refused } })).headers[
        'content-encoding'
      ],
      undefined,
    );
  const small = await httpGet(`${server.url}/healthz`, { headers: { 'accept-encoding': 'gzip' } });
  t.is(small.headers['content-encoding'], undefined);
});

test('every answer forbids caches, sniffing and use by other sites', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored('orders', fakeProvider()));
  for (const path of ['/', '/metrics', '/healthz', '/readyz', '/api/stats', '/nothing']) {
    const { headers } = await httpGet(server.url + path);
    t.is(headers['cache-control'], 'no-store', path);
    t.is(headers['x-content-type-options'], 'nosniff', path);
    t.is(headers['referrer-policy'], 'no-referrer', path);
    t.is(headers['cross-origin-resource-policy'], 'same-origin', path);
    t.is(headers['access-control-allow-origin'], undefined, path);
    if (path !== '/metrics') t.regex(headers['content-type'] ?? '', /; charset=utf-8$/, path);
  }
});

test('HEAD is GET without the body', async (t) => {
  const server = monitorServer(t);
  const processor = fakeMonitored('orders', fakeProvider());
  await server.watch(processor);
  processor.report = { healthy: false, degraded: false, ready: false, problems: ['stalls'] };
  for (const path of ['/', '/healthz', '/readyz', '/nothing']) {
    const get = await httpGet(server.url + path);
    const head = await httpGet(server.url + path, { method: 'HEAD' });
    t.is(head.status, get.status, path);
    t.is(head.headers['content-type'], get.headers['content-type'], path);
    t.is(head.headers['content-length'], get.headers['content-length'], path);
    t.is(head.bytes.length, 0, path);
  }
});

test('unknown paths are 404 with those that there are, other methods 405 with those that are allowed', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  for (const path of ['/nothing', '/healthz/', '//metrics', '/api']) {
    const { status, text } = await httpGet(server.url + path);
    t.is(status, 404, path);
    t.is(text, 'Not found. The paths are /, /metrics, /healthz, /readyz, /api/stats\n', path);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    const { status, headers } = await httpGet(`${server.url}/api/stats`, { method });
    t.is(status, 405, method);
    t.is(headers.allow, 'GET, HEAD', method);
  }
  t.is((await httpGet(`${server.url}/healthz?probe=1&x=/metrics`)).status, 200);
});

test('on loopback only localhost, addresses and the allowed names are answered, since other names may have been led here', async (t) => {
  const server = monitorServer(t, { allowedHosts: ['Monitor.example.com'] });
  await server.listen();
  const ask = async (host: string) =>
    (await httpGet(`${server.url}/api/stats`, { headers: { host } })).status;
  for (const host of [
    'localhost',
    'LOCALHOST:9464',
    'kasper.localhost',
    '127.0.0.1:1',
    '[::1]:9464',
    '10.1.2.3',
    'monitor.example.com:80',
  ])
    t.is(await ask(host), 200, host);
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:9464', 'example.com'])
    t.is(await ask(host), 403, host);
  const open = monitorServer(t, { host: '0.0.0.0' });
  await open.listen();
  const named = await httpGet(`${open.url}/healthz`, { headers: { host: 'batch-7.internal' } });
  t.is(named.status, 200);
});
