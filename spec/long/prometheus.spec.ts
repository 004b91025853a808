import { setTimeout as sleep } from 'node:timers/promises';
import { MonitorServer, PrometheusMetrics } from '../../metrics/index.ts';
import { ScrapingPrometheus } from '../_helpers/servers/prometheus.ts';
import { testOnReal } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';

const SECONDS = 70;
const EACH_SECOND = 100;

testOnReal(
  'over a minute of scrapes Prometheus sees the rate at which a topic is written, no lag that stays, and no alert',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, {}, 2);
    const metrics = new PrometheusMetrics();
    const monitor = new MonitorServer({ port: 0 });
    t.teardown(() => monitor.close());
    await monitor.listen();
    const processor = job.make({ metrics, monitor, batchSize: 50 });
    const run = processor.runLoop();
    const prometheus = await ScrapingPrometheus.start(t, [new URL(monitor.url).host], 1000);
    const start = performance.now();
    for (let second = 0; second < SECONDS; second++) {
      await Promise.all([
        write(cluster, job.topic, values(EACH_SECOND / 2), 0),
        write(cluster, job.topic, values(EACH_SECOND / 2), 1),
      ]);
      await sleep(Math.max(0, start + (second + 1) * 1000 - performance.now()));
    }
    const written = SECONDS * EACH_SECOND;
    const seconds = (performance.now() - start) / 1000;
    await prometheus.untilIs('sum(kasper_records_consumed_total)', written);
    await prometheus.untilIs('sum(kasper_lag_records)', 0);

    const rates = await prometheus.values('rate(kasper_records_consumed_total[1m])', 'partition');
    const expected = written / seconds / 2;
    for (const partition of [0, 1]) {
      const rate = rates[partition] ?? 0;
      t.true(Math.abs(rate - expected) < expected / 10, `${rate} records/s in ${partition}, not ${expected}`);
    }
    // Some may be on their way whenever it looks, but never more than what was written within some
    // seconds.
    const lag = await prometheus.values('max_over_time(sum(kasper_lag_records)[1m:1s])');
    t.true((lag[''] ?? Infinity) < 5 * EACH_SECOND, JSON.stringify(lag));
    const scrapes = await prometheus.values('sum_over_time(up[1m]) / count_over_time(up[1m])');
    t.deepEqual(scrapes, { '': 1 });
    const quantile = await prometheus.values(
      'histogram_quantile(0.99, sum by (le) (rate(kasper_commit_seconds_bucket[1m])))',
    );
    t.true((quantile[''] ?? 0) > 0);
    const rules = await prometheus.rules();
    t.true(rules.length >= 15);
    t.deepEqual(
      rules.filter(({ health, state }) => health !== 'ok' || state === 'firing'),
      [],
    );

    await processor.close();
    t.is((await run).records, written);
  },
  { needs: ['prometheus'] },
);
