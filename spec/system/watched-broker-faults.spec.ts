import { PrometheusMetrics } from '../../metrics/index.ts';
import { getJson, untilHealth } from '../_helpers/http-get.ts';
import { monitorServer } from '../_helpers/jobs/monitored.ts';
import { testOnOwnKafka } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';

const METRICS_UPDATE_MS = 1_000;
const STALL_TIMEOUT_MS = 1_500;
/** What a busy machine may add to the times that metrics/README.md states. */
const SLACK_MS = 2_500;

testOnOwnKafka(
  'Kafka is killed and started again: unhealthy after metricsUpdateMs and stallTimeoutMs, and healthy when it answers',
  { nodes: 1 },
  async (t, kafka) => {
    const [node] = kafka.nodes;
    if (node === undefined) throw new Error('one node was asked for');
    const monitor = monitorServer(t);
    const job = await systemJob(t, kafka);
    await write(kafka, job.topic, values(3));
    const processor = job.make({
      monitor,
      metrics: new PrometheusMetrics(),
      claims: false,
      metricsUpdateMs: METRICS_UPDATE_MS,
      stallTimeoutMs: STALL_TIMEOUT_MS,
    });
    const run = processor.runLoop();
    await job.untilSeen(3);
    await untilHealth(monitor.url, 200);
    t.is((await getJson(`${monitor.url}/readyz`)).status, 200);
    await node.kill('SIGKILL');
    const { problems, ms } = await untilHealth(monitor.url, 503);
    t.log(`unhealthy ${Math.round(ms)} ms after the broker was killed`);
    t.true(ms < METRICS_UPDATE_MS + STALL_TIMEOUT_MS + SLACK_MS, String(ms));
    t.regex(problems[0] ?? '', /: No broker has answered for \d+ s$/);
    await node.restart();
    const healed = await untilHealth(monitor.url, 200);
    t.log(`healthy ${Math.round(healed.ms)} ms after it serves again`);
    t.true(healed.ms < METRICS_UPDATE_MS + 15_000, String(healed.ms));
    await write(kafka, job.topic, values(3, 3));
    await job.untilSeen(6);
    await processor.close();
    await run;
  },
);
