import test from 'ava';
import { MonitorServer, PrometheusMetrics } from '../../metrics/index.ts';
import { ConfigError, type ProcessorStats } from '../../source/index.ts';
import { getJson, httpGet } from '../_helpers/http-get.ts';
import { monitorServer } from '../_helpers/jobs/monitored.ts';
import { systemJob, threeNodes, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

test('the option monitor: { port } has a processor answer while it runs, with metrics that nobody had to make', async (t) => {
  const { cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(7));
  const processor = job.make({ monitor: { port: 0 }, claims: false });
  const run = processor.runLoop();
  await job.untilSeen(7);
  const listening = job.log.lines.find(({ message }) => message === 'The monitor server is listening');
  const url = String(listening?.fields?.['url']);
  await until(
    async () => /^kasper_records_consumed_total\{.*\} 7$/m.test((await httpGet(`${url}/metrics`)).text),
    { deadlineMs: 10_000, what: 'the records in a scrape' },
  );
  const { text } = await httpGet(`${url}/metrics`);
  t.is(text.match(/^kasper_event_loop_blocked_seconds /gm)?.length, 1);
  t.is(text.match(/^kasper_event_loop_longest_block_seconds /gm)?.length, 1);
  t.is(text.match(/^# TYPE kasper_event_loop_blocked_seconds gauge$/gm)?.length, 1);
  t.deepEqual(await getJson(`${url}/readyz`), { status: 200, body: { ready: true, problems: [] } });
  const { body } = await getJson(`${url}/api/stats`);
  const [stats] = (body as { processors: ProcessorStats[] }).processors;
  t.deepEqual(stats?.partitions, JSON.parse(JSON.stringify(processor.stats().partitions)));
  await processor.close();
  await run;
  await t.throwsAsync(httpGet(`${url}/healthz`), { code: 'ECONNREFUSED' });
});

test('a port in use ends the run with ConfigError before anything is read', async (t) => {
  const { cluster } = await threeNodes(t);
  const taken = monitorServer(t);
  await taken.listen();
  const port = Number(new URL(taken.url).port);
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(1));
  await t.throwsAsync(job.make({ monitor: { port } }).runLoop(), {
    instanceOf: ConfigError,
    message: new RegExp(`cannot listen on port ${port} of 127.0.0.1: another process listens there`),
  });
  t.deepEqual(job.seen, []);
});

test('two processors with one server and one provider are scraped as one, with labels of their own', async (t) => {
  const { cluster } = await threeNodes(t);
  const monitor = new MonitorServer({ port: 0 });
  t.teardown(() => monitor.close());
  const metrics = new PrometheusMetrics();
  const jobs = await Promise.all([systemJob(t, cluster), systemJob(t, cluster)]);
  const processors = jobs.map((job) => job.make({ monitor, metrics, claims: false }));
  const runs = processors.map((processor) => processor.runLoop());
  for (const [at, job] of jobs.entries()) {
    await write(cluster, job.topic, values(at + 1));
    await job.untilSeen(at + 1);
  }
  const totals = await until(
    async () => {
      const { text } = await httpGet(`${monitor.url}/metrics`, {
        headers: { accept: 'application/openmetrics-text' },
      });
      const samples = [...text.matchAll(/^kasper_records_consumed_total\{.*\} ([12])$/gm)];
      return samples.length === 2 && samples.map(([, value]) => Number(value)).sort();
    },
    { deadlineMs: 10_000, what: 'the records of both' },
  );
  t.deepEqual(totals, [1, 2]);
  const { body } = await getJson(`${monitor.url}/api/stats`);
  t.is((body as { processors: unknown[] }).processors.length, 2);
  for (const processor of processors) await processor.close();
  await Promise.all(runs);
  t.throws(() => monitor.url, { message: /before it listens/ });
});
