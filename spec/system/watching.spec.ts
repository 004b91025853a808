import { PrometheusMetrics } from '../../metrics/index.ts';
import type { Middleware, ProcessorStats } from '../../source/index.ts';
import { getJson, httpGet, untilHealth } from '../_helpers/http-get.ts';
import { startMonitorChild } from '../_helpers/jobs/monitor-child.ts';
import { monitorServer } from '../_helpers/jobs/monitored.ts';
import { randomName, testOnReal } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

const METRICS_UPDATE_MS = 1_000;
const STALL_TIMEOUT_MS = 1_500;
/** What a busy machine may add to the times that metrics/README.md states. */
const SLACK_MS = 2_500;

async function statsOf(url: string): Promise<ProcessorStats[]> {
  const { body } = await getJson(`${url}/api/stats`);
  return (body as { processors: ProcessorStats[] }).processors;
}

testOnReal(
  'process computes without an end: from outside 503 after blockedAfterMs with the event loop as the reason, then 200',
  async (t, kafka) => {
    const [name, topic] = [randomName('spin'), randomName('spin-in')];
    await kafka.createTopic(topic, 1);
    const {
      url,
      process: child,
      ended,
    } = await startMonitorChild(t, 'spinning-job.js', {
      brokers: kafka.brokers,
      name,
      topic,
    });
    await untilHealth(url, 200);
    await write(kafka, topic, ['4000']);
    const { problems } = await untilHealth(url, 503);
    t.regex(problems[0] ?? '', /^The event loop has been blocked for [1-3] s: /);
    const [blocked] = await statsOf(url);
    t.is(blocked?.topicProcessorName, name, 'the last stats are still told');
    const { ms } = await untilHealth(url, 200);
    t.true(ms > 1_000 && ms < 4_000 + SLACK_MS, String(ms));
    const committed = await until(
      async () => {
        const { text } = await httpGet(`${url}/metrics`);
        return /^kasper_records_consumed_total\{.*\} 1$/m.test(text) && text;
      },
      { deadlineMs: 10_000, what: 'the record to be counted' },
    );
    t.true(Number(/^kasper_event_loop_longest_block_seconds (.*)$/m.exec(committed)?.[1]) > 3);
    child.send('close');
    t.is(await ended, 0);
  },
);

testOnReal(
  'a poison batch fails its run: 503 with the reason while others go on, until one of its name takes its place',
  async (t, kafka) => {
    const monitor = monitorServer(t);
    await monitor.listen();
    const metrics = new PrometheusMetrics();
    const options = { monitor, metrics, claims: false } as const;
    const [poisoned, other] = await Promise.all([systemJob(t, kafka), systemJob(t, kafka)]);
    const failing = poisoned.make(options, {
      process(messages) {
        if (messages.some(({ valueText }) => valueText === 'poison')) throw new Error('cannot be parsed');
      },
    });
    const going = other.make(options);
    const runs = [failing.runLoop().catch((error: unknown) => error), going.runLoop()];
    await write(kafka, other.topic, values(2));
    await other.untilSeen(2);
    await until(async () => (await getJson(`${monitor.url}/readyz`)).status === 200, {
      deadlineMs: 20_000,
      what: 'both to run',
    });
    await write(kafka, poisoned.topic, ['poison']);
    const { problems } = await untilHealth(monitor.url, 503);
    t.regex(problems[0] ?? '', /^job-\w+: The run has failed: .*cannot be parsed/s);
    t.true((await runs[0]) instanceof Error);
    t.is((await getJson(`${monitor.url}/healthz`)).status, 503, 'also after it has closed');
    await write(kafka, other.topic, values(2, 2));
    await other.untilSeen(4);
    t.deepEqual(
      (await statsOf(monitor.url)).map(({ state, failure }) => [state, failure?.code]),
      [
        ['running', undefined],
        ['failed', 'PROCESS'],
      ],
    );
    const next = poisoned.make(options);
    const nextRun = next.runLoop();
    await untilHealth(monitor.url, 200);
    await poisoned.untilSeen(1);
    await Promise.all([next.close(), going.close()]);
    await Promise.all([nextRun, runs[1]]);
  },
);

testOnReal(
  'a batch that is retried for ever: 503 after stallTimeoutMs with the partition and what it is at, and 200 once it is through',
  async (t, kafka) => {
    const monitor = monitorServer(t);
    const job = await systemJob(t, kafka, {}, 2);
    let isHealed = false;
    const retryForEver: Middleware = (next) => async (messages, sender, context) => {
      for (;;) {
        try {
          await next(messages, sender, context);
          return;
        } catch {
          await context.wait(50);
        }
      }
    };
    const processor = job.make(
      {
        monitor,
        metrics: new PrometheusMetrics(),
        claims: false,
        metricsUpdateMs: METRICS_UPDATE_MS,
        stallTimeoutMs: STALL_TIMEOUT_MS,
        middleware: [retryForEver],
      },
      {
        process(messages, _sender, { partition }) {
          if (partition === 1 && !isHealed) throw new Error('the other system is down');
          for (const { valueText } of messages) job.seen.push(valueText ?? '');
        },
      },
    );
    const run = processor.runLoop();
    await until(() => processor.state === 'running', { deadlineMs: 20_000, what: 'the start' });
    await write(kafka, job.topic, values(3), 1);
    const { problems, ms } = await untilHealth(monitor.url, 503);
    t.log(`unhealthy ${Math.round(ms)} ms after the records were written`);
    t.true(ms >= STALL_TIMEOUT_MS - 500 && ms < STALL_TIMEOUT_MS + SLACK_MS, String(ms));
    t.regex(
      problems[0] ?? '',
      /^job-\w+: job-\w+-in\/1 has made no progress for \d+ s, with a lag of 3 records: a batch of 3 messages waits \(context\.wait\), and has been in process for \d+ s$/,
    );
    // The other partition goes on.
    await write(kafka, job.topic, values(2), 0);
    await job.untilSeen(2);
    isHealed = true;
    const healed = await untilHealth(monitor.url, 200);
    t.true(healed.ms < SLACK_MS, String(healed.ms));
    await job.untilSeen(5);
    await processor.close();
    await run;
  },
);
