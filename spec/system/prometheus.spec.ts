import { MonitorServer, PrometheusMetrics } from '../../metrics/index.ts';
import { ScrapingPrometheus } from '../_helpers/servers/prometheus.ts';
import { randomName, testOnBoth } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

testOnBoth(
  'a Prometheus that scrapes a running job knows its totals, its lag, and that it goes on',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, {}, 2);
    const output = randomName('out');
    await cluster.createTopic(output, 1);
    // With Kasper's names the scrapes are text, without them OpenMetrics.
    const kasperNames = cluster.kind === 'embedded';
    const metrics = new PrometheusMetrics(kasperNames ? { kasperNames, label: 'go' } : {});
    const monitor = new MonitorServer({ port: 0 });
    t.teardown(() => monitor.close());
    await monitor.listen();

    const waits: (() => void)[] = [];
    let isHeld = false;
    const processor = job.make(
      { metrics, monitor, claims: false, batchSize: 40 },
      {
        process: async (messages, sender) => {
          if (isHeld) await new Promise<void>((resolve) => waits.push(resolve));
          for (const { key, value, partition } of messages)
            if (partition === 0) sender.send({ topic: output, key, value });
        },
      },
    );
    await write(cluster, job.topic, values(200), 0);
    await write(cluster, job.topic, values(100), 1);
    const run = processor.runLoop();
    const prometheus = await ScrapingPrometheus.start(t, [new URL(monitor.url).host], 250);

    const consumed = `kasper_records_consumed_total{topic="${job.topic}"}`;
    await prometheus.untilIs(`sum(${consumed})`, 300);
    t.deepEqual(await prometheus.values(consumed, 'partition'), { 0: 200, 1: 100 });
    t.deepEqual(await prometheus.values(`kasper_records_produced_total`, 'topic'), { [output]: 200 });
    await prometheus.untilIs(`sum(kasper_lag_records)`, 0);
    t.deepEqual(await prometheus.values(`kasper_committed_offset`, 'partition'), { 0: 200, 1: 100 });
    t.deepEqual(await prometheus.values(`kasper_high_watermark_offset`, 'partition'), { 0: 200, 1: 100 });
    t.deepEqual(await prometheus.values(`sum(kasper_batch_records_sum)`), { '': 300 });
    t.deepEqual(await prometheus.values(`sum(kasper_batches_total) - sum(kasper_process_seconds_count)`), {
      '': 0,
    });
    t.deepEqual(await prometheus.values(`kasper_processor_state == 1`, 'state'), { running: 1 });

    isHeld = true;
    await write(cluster, job.topic, values(50, 200), 0);
    await prometheus.untilIs(`sum by () (kasper_lag_records{partition="0"})`, 50);
    await until(async () => (await prometheus.values(`max(kasper_progress_age_seconds)`))[''] !== 0, {
      deadlineMs: 10_000,
      what: 'Prometheus to see that a partition stands still',
    });
    isHeld = false;
    for (const resolve of waits) resolve();
    await prometheus.untilIs(`sum(${consumed})`, 350);
    await prometheus.untilIs(`sum(kasper_lag_records)`, 0);
    const rates = await prometheus.values(`rate(${consumed}[1m])`, 'partition');
    t.true((rates[0] ?? 0) > 0, JSON.stringify(rates));
    if (kasperNames) {
      const own = '{label="go",partition="0"}';
      t.deepEqual(await prometheus.values(`kasper_incoming_message_count${own}`, 'topic'), {
        [job.topic]: 250,
      });
      t.deepEqual(await prometheus.values(`kasper_outgoing_message_count${own}`, 'topic'), { [output]: 250 });
      t.deepEqual(await prometheus.values(`kasper_messages_behind_high_water_mark_count${own}`, 'topic'), {
        [job.topic]: 0,
      });
    }

    const [told] = await prometheus.metadata('kasper_batch_records');
    t.like(told, { type: 'histogram', help: 'Records in a batch', unit: kasperNames ? '' : 'records' });
    t.deepEqual(await prometheus.targets(), [{ health: 'up', lastError: '' }]);
    const rules = await until(
      async () => {
        const loaded = await prometheus.rules();
        return loaded.every(({ health }) => health !== 'unknown') && loaded;
      },
      { deadlineMs: 10_000, what: 'all alert rules to be evaluated' },
    );
    t.true(rules.length >= 15);
    t.deepEqual(
      rules.filter(({ health, state }) => health !== 'ok' || state === 'firing'),
      [],
    );

    await processor.close();
    t.is((await run).records, 350);
  },
  { needs: ['prometheus'] },
);
