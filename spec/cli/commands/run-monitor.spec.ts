import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EmbeddedCluster } from '../../../source/embedded/index.ts';
import { getJson, httpGet } from '../../_helpers/http-get.ts';
import { until } from '../../_helpers/until.ts';
import { startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';

const JOB = `export default {
  topicProcessorName: 'early', inputTopics: ['words'],
  processor: { process() {} },
};`;

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function readiness(url: string): Promise<string> {
  const { status, body } = await getJson(`${url}/readyz`);
  return `${status} ${JSON.stringify((body as { problems: readonly string[] }).problems)}`;
}

async function answersEarly(t: ExecutionContext, ...flags: string[]): Promise<void> {
  const port = await freePort();
  const folder = await folderWith(t, 'job.mjs', JOB);
  const argv = ['run', join(folder, 'job.mjs'), '--brokers', `127.0.0.1:${port}`, '--metrics-port', '0'];
  const child = startChild(t, 'source/cli/bin', [...argv, ...flags]);
  await child.until('stderr', /monitor server is listening url=/);
  const url = /listening url=(\S+)/.exec(child.stderr)?.[1] ?? '';
  t.is((await httpGet(`${url}/healthz`)).status, 200);
  t.regex(await readiness(url), /^503 \["early: It is starting: it connects to Kafka"\]$/);
  t.is((await httpGet(`${url}/metrics`)).status, 200);
  t.is((await httpGet(`${url}/`)).status, 200);
  await until(async () => (await readiness(url)).includes('has failed for'), {
    deadlineMs: 20_000,
    what: 'a degraded start',
  });
  t.regex(
    await readiness(url),
    /^503 \["early: Connecting to Kafka has failed for \d+ s; gives up in \d+ s \(.*ECONNREFUSED.*\)","early: It is starting: it connects to Kafka"\]$/,
  );
  const { body } = await getJson(`${url}/api/stats`);
  t.like(body, {
    health: { healthy: true, degraded: true, ready: false },
    processors: [{ topicProcessorName: 'early', state: 'starting' }],
  });
  t.is(child.stderr.match(/No broker could be reached yet/g)?.length, 1, child.stderr);
  t.false(child.stderr.includes('retryInMs'), child.stderr);
  const cluster = await EmbeddedCluster.start({ brokers: 1, port, topics: { words: 2 } });
  t.teardown(() => cluster.close());
  await until(async () => (await readiness(url)).startsWith('200'), { deadlineMs: 30_000, what: 'a run' });
  child.kill('SIGTERM');
  t.is((await child.exited).code, 0);
}

test('--metrics-port answers while Kafka is away, and then of the processor', (t) => answersEarly(t));

test('and so it does with several workers', (t) => answersEarly(t, '--workers', '2'));
