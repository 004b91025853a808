import test from 'ava';
import { PrometheusMetrics } from '../../metrics/index.ts';
import type { StatsReport } from '../../metrics/stats-report.ts';
import type { ProcessorStats } from '../../source/index.ts';
import { getJson } from '../_helpers/http-get.ts';
import { monitorServer } from '../_helpers/jobs/monitored.ts';
import { systemJob, threeNodes, values, write } from '../_helpers/jobs/system-job.ts';
import { testOnOwnKafka } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

interface Healthz {
  readonly healthy: boolean;
  readonly degraded: boolean;
  readonly problems: readonly string[];
}

/** Waits until `/healthz` says so; it must answer with 200 all the time. */
async function untilDegraded(url: string, degraded: boolean): Promise<readonly string[]> {
  return until(
    async () => {
      const { status, body } = await getJson(`${url}/healthz`);
      if (status !== 200) throw new Error(`/healthz answered ${status}: ${JSON.stringify(body)}`);
      return (body as Healthz).degraded === degraded && (body as Healthz).problems;
    },
    { deadlineMs: 60_000, what: `degraded to be ${degraded}` },
  );
}

testOnOwnKafka(
  'an outage is degraded: said by health, stats and one warning, and no longer once Kafka is back',
  { nodes: 1 },
  async (t, kafka) => {
    const [node] = kafka.nodes;
    if (node === undefined) throw new Error('one node was asked for');
    const monitor = monitorServer(t);
    const job = await systemJob(t, kafka);
    await write(kafka, job.topic, values(3));
    const processor = job.make({ monitor, metrics: new PrometheusMetrics(), retryTimeoutMs: 90_000 });
    const run = processor.runLoop();
    await job.untilSeen(3);
    await untilDegraded(monitor.url, false);
    await node.kill('SIGKILL');
    const began = performance.now();
    const problems = await untilDegraded(monitor.url, true);
    const ms = performance.now() - began;
    t.log(`degraded ${Math.round(ms)} ms after the broker was killed: ${problems.join()}`);
    t.true(ms > 4_000 && ms < 9_000, String(ms));
    t.regex(
      problems[0] ?? '',
      /^.+: Kafka cannot be reached for \d s; gives up in [5-9]\d s \(.*nothing listens there.*\)$/,
    );
    const { body } = await getJson(`${monitor.url}/api/stats`);
    const report = body as StatsReport<ProcessorStats>;
    t.like(report.health, { healthy: true, degraded: true, ready: true });
    const [stats] = report.processors;
    t.true((stats?.degraded?.givesUpAt ?? 0) > report.now + 40_000);
    t.true((stats?.degraded?.since ?? 0) <= report.now - 5_000);
    const warned = () => job.log.messages('warn').filter((message) => /degraded/i.test(message));
    await until(() => warned().length > 0, { deadlineMs: 3_000, what: 'a warning' });
    await node.restart();
    await untilDegraded(monitor.url, false);
    t.like(processor.health(), { healthy: true, degraded: false, ready: true, problems: [] });
    await write(kafka, job.topic, values(3, 3));
    await job.untilSeen(6);
    await until(() => warned().length > 1, { deadlineMs: 5_000, what: 'the end of it in the log' });
    t.deepEqual(
      warned().map((message) => message.replaceAll(/\d+/g, 'N').replace(/ \(.*/, '')),
      ['Degraded: Kafka cannot be reached for N s; gives up in N s', 'No longer degraded, after N s'],
    );
    await processor.close();
    await run;
  },
);

testOnOwnKafka(
  'a Kafka that cannot make its offsets topic is said, with the remedy, and not that another process has the partitions',
  { nodes: 1, properties: { 'offsets.topic.replication.factor': '3' } },
  async (t, kafka) => {
    const job = await systemJob(t, kafka);
    const processor = job.make({ retryTimeoutMs: 60_000, claims: true });
    const run = processor.runLoop();
    run.catch(() => undefined);
    await until(() => processor.health().degraded, { deadlineMs: 30_000, what: 'a degraded start' });
    const { healthy, ready, problems } = processor.health();
    t.deepEqual([healthy, ready], [true, false]);
    const text = problems.join('\n');
    t.regex(text, /OffsetFetch of group .* has failed for \d+ s; gives up in \d+ s/);
    t.regex(text, /COORDINATOR_NOT_AVAILABLE.*offsets\.topic\.replication\.factor/);
    t.regex(text, /It is starting: it claims its partitions$/);
    t.notRegex(text, /another process/);
    await processor.close();
    await run;
  },
);

test('partitions that cannot be read are degraded, though brokers answer', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(3));
  const processor = job.make({ retryTimeoutMs: 60_000, claims: false });
  const run = processor.runLoop();
  await job.untilSeen(3);
  const fault = nodes.faults.fail({ api: 'Fetch', code: 5, topic: job.topic, times: Infinity });
  await until(() => processor.health().degraded, { deadlineMs: 20_000, what: 'degraded' });
  t.regex(
    processor.health().problems.join('\n'),
    /^Reading .*\/0 has failed for \d s; gives up in 5\d s \(Fetch of .* LEADER_NOT_AVAILABLE.*\)$/,
  );
  t.true(processor.health().healthy);
  fault.cancel();
  await until(() => !processor.health().degraded, { deadlineMs: 10_000, what: 'no longer degraded' });
  await processor.close();
  await run;
});
