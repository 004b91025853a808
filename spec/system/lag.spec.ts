import test, { type ExecutionContext } from 'ava';
import { PrometheusMetrics } from '../../metrics/index.ts';
import type { TopicProcessor } from '../../source/index.ts';
import { KeptMetrics } from '../_helpers/fakes/kept-metrics.ts';
import { testOnBoth, testOnReal } from '../_helpers/servers/services.ts';
import { systemJob, threeNodes, values, write, type SystemJob } from '../_helpers/jobs/system-job.ts';
import { send, transactionalProducer, untilMarked } from '../_helpers/raw/transactions.ts';
import { until } from '../_helpers/until.ts';

const soon = { metricsUpdateMs: 1000 };

/** Lag, committed offset and high watermark of each partition. */
function where(processor: TopicProcessor) {
  return processor
    .stats()
    .partitions.map(({ lag, committed, highWatermark }) => [lag, committed, highWatermark]);
}

async function untilWhere(
  t: ExecutionContext,
  processor: TopicProcessor,
  wanted: readonly (readonly (number | null)[])[],
): Promise<void> {
  await until(() => JSON.stringify(where(processor)) === JSON.stringify(wanted), {
    deadlineMs: 20_000,
    what: JSON.stringify(wanted),
  });
  t.deepEqual(where(processor), wanted);
}

/** The leaders are asked once more than they were by now. */
async function untilAskedAgain(processor: TopicProcessor): Promise<void> {
  const before = processor.stats().endsAskedAt;
  await until(() => processor.stats().endsAskedAt !== before, {
    deadlineMs: 20_000,
    what: 'the next answer',
  });
}

async function end(processor: TopicProcessor, run: Promise<unknown>): Promise<void> {
  await processor.close();
  await run;
}

testOnBoth(
  'lag is right for empty topics and caught-up restarts, and follows what is written',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, {}, 2);
    await write(cluster, job.topic, values(25), 1);
    await job.make().runToEnd();
    const processor = job.make(soon);
    const run = processor.runLoop();
    await until(() => processor.state === 'running', { deadlineMs: 20_000, what: 'it runs' });
    t.deepEqual(where(processor), [
      [0, 0, 0],
      [0, 25, 25],
    ]);
    await untilAskedAgain(processor);
    t.deepEqual(where(processor), [
      [0, 0, 0],
      [0, 25, 25],
    ]);
    await write(cluster, job.topic, values(5), 0);
    await untilWhere(t, processor, [
      [0, 5, 5],
      [0, 25, 25],
    ]);
    await end(processor, run);
  },
);

testOnBoth(
  'the lag of a partition that is stuck keeps rising, while the others make progress',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, {}, 2);
    const metrics = new KeptMetrics();
    let letGo: (() => void) | undefined;
    const stuck = new Promise<void>((resolve) => (letGo = resolve));
    t.teardown(() => letGo?.());
    const processor = job.make(
      { ...soon, metrics, concurrency: 2, stallTimeoutMs: 1500, claims: false },
      { process: (messages) => (messages[0]?.partition === 0 ? stuck : undefined) },
    );
    await write(cluster, job.topic, values(3000), 0);
    const run = processor.runLoop();
    await until(() => processor.stats().partitions[0]?.paused === true, {
      deadlineMs: 20_000,
      what: 'it is paused',
    });
    for (const lag of [3100, 3200]) {
      await write(cluster, job.topic, values(100), 0);
      await write(cluster, job.topic, values(7), 1);
      await until(() => metrics.collect().value('lag_records', ...labels(job), '0') === lag, {
        deadlineMs: 20_000,
        what: `a lag of ${lag}`,
      });
    }
    await until(() => !processor.health().healthy, { deadlineMs: 20_000, what: 'it is not healthy' });
    const [problem = '', ...others] = processor.health().problems;
    t.regex(
      problem,
      /-in\/0 has made no progress for \d+ s, with a lag of 3200 records: a batch of 10 messages has been in process/,
    );
    t.deepEqual(others, []);
    await until(() => metrics.collect().value('lag_records', ...labels(job), '1') === 0, {
      deadlineMs: 20_000,
      what: 'the other partition is done',
    });
    letGo?.();
    await until(() => metrics.collect().value('lag_records', ...labels(job), '0') === 0, {
      deadlineMs: 20_000,
      what: 'all is done',
    });
    t.true(processor.health().healthy);
    await end(processor, run);
    t.deepEqual(metrics.all('records_consumed_total'), [
      [`${labels(job).join()},0`, 3200],
      [`${labels(job).join()},1`, 14],
    ]);
  },
);

function labels({ topic }: SystemJob): readonly [string, string] {
  return [topic.slice(0, -'-in'.length), topic];
}

testOnReal(
  'lag counts what read_committed can see: not what is behind an open transaction, nor its markers',
  async (t, kafka) => {
    const job = await systemJob(t, kafka);
    await write(kafka, job.topic, values(5));
    const producer = await transactionalProducer(t, kafka);
    const transaction = await producer.transaction();
    await send(transaction, job.topic, values(10, 0, 'x'));
    await write(kafka, job.topic, values(3, 5));
    const processor = job.make(soon);
    const run = processor.runLoop();
    // Of 18 records the first five can be seen.
    await untilWhere(t, processor, [[0, 5, 18]]);
    await untilAskedAgain(processor);
    t.deepEqual(where(processor), [[0, 5, 18]]);
    t.is(processor.stats().partitions[0]?.msSinceProgress, 0);
    await transaction.commit();
    await untilMarked(t, kafka, job.topic);
    await untilWhere(t, processor, [[0, 19, 19]]);
    t.is(processor.stats().partitions[0]?.records, 18);
    const aborted = await producer.transaction();
    await send(aborted, job.topic, values(4, 0, 'y'));
    await aborted.abort();
    await untilWhere(t, processor, [[0, 24, 24]]);
    t.is(processor.stats().partitions[0]?.records, 18, 'gaps are no records');
    await end(processor, run);
    const again = job.make(soon);
    const rerun = again.runLoop();
    await until(() => again.stats().endsAskedAt !== null, { deadlineMs: 20_000, what: 'the ends were told' });
    t.deepEqual(where(again), [[0, 24, 24]]);
    await end(again, rerun);
  },
);

testOnBoth('what is scraped from a monitor of its own equals what was processed', async (t, cluster) => {
  const job = await systemJob(t, cluster, {}, 2);
  await cluster.createTopic(`${job.topic}-out`, 2);
  await write(cluster, job.topic, values(120), 0);
  await write(cluster, job.topic, values(80), 1);
  const metrics = new PrometheusMetrics();
  const processor = job.make(
    { metrics, monitor: { port: 0 } },
    {
      process: (messages, sender) => {
        for (const { value, partition } of messages)
          sender.send({ topic: `${job.topic}-out`, value, partition });
      },
    },
  );
  const { records, sent } = await processor.runToEnd();
  t.deepEqual([records, sent], [200, 200]);
  const { body } = await metrics.expose();
  const value = (name: string) =>
    body
      .split('\n')
      .filter((line) => line.startsWith(`kasper_${name}{`))
      .map((line) => Number(line.split(' ').at(-1)));
  t.deepEqual(value('records_consumed_total').sort(), [120, 80]);
  t.deepEqual(value('records_produced_total').sort(), [120, 80]);
  t.deepEqual(value('lag_records'), [0, 0]);
  t.deepEqual(value('commit_errors_total'), []);
});

test('a processor with a monitor of its own makes its metrics itself', async (t) => {
  const { cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(30));
  const processor = job.make({ monitor: { port: 0 } });
  const run = processor.runLoop();
  await job.untilSeen(30);
  const listens = () => job.log.lines.find(({ fields }) => typeof fields?.['url'] === 'string');
  const url = String(listens()?.fields?.['url']);
  await until(() => processor.stats().partitions[0]?.lag === 0, { deadlineMs: 20_000, what: 'it is done' });
  const scraped = await (await fetch(`${url}/metrics`)).text();
  const name = labels(job)[0];
  t.true(
    scraped.includes(
      `kasper_records_consumed_total{topic_processor="${name}",topic="${job.topic}",partition="0"} 30`,
    ),
    scraped,
  );
  t.true(
    scraped.includes(`kasper_lag_records{topic_processor="${name}",topic="${job.topic}",partition="0"} 0`),
  );
  t.true(scraped.includes(`kasper_request_seconds_count{topic_processor="${name}",api="Fetch"}`));
  t.deepEqual(await (await fetch(`${url}/readyz`)).json(), { ready: true, problems: [] });
  await end(processor, run);
  await t.throwsAsync(fetch(`${url}/healthz`));
});

test('a port that is in use ends the run before Kafka is touched', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  const first = job.make({ monitor: { port: 0 } });
  const run = first.runLoop();
  const listens = () => job.log.lines.find(({ fields }) => typeof fields?.['url'] === 'string');
  await until(() => listens() !== undefined && first.state === 'running', {
    deadlineMs: 20_000,
    what: 'it listens',
  });
  const { port } = new URL(String(listens()?.fields?.['url']));
  const connections = nodes.requests('ApiVersions').length;
  const error = await t.throwsAsync(job.make({ monitor: { port: Number(port) } }).runLoop());
  t.is(error?.name, 'ConfigError');
  t.regex(error?.message ?? '', new RegExp(port));
  t.is(nodes.requests('ApiVersions').length, connections);
  await end(first, run);
});
