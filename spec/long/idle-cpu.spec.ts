import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { runNode } from '../_helpers/child-process.ts';
import { testOnEach } from '../_helpers/servers/clusters.ts';
import type { IdleJobOptions, IdleJobReport } from '../_helpers/jobs/idle-job.ts';
import { randomName, type TestCluster } from '../_helpers/servers/services.ts';
import { connectClient, sendNumbers } from '../kafka/kafkajs/test-client.ts';

const program = fileURLToPath(new URL('../_helpers/jobs/idle-job.js', import.meta.url));
const PARTITIONS = 100;
const MEASURE_MS = 10_000;
const ENOUGH_MS = MEASURE_MS / 100;

async function measureIdle(
  t: ExecutionContext,
  cluster: TestCluster,
  perPartition: number,
): Promise<readonly number[]> {
  const topic = randomName('idle');
  await cluster.createTopic(topic, PARTITIONS);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, PARTITIONS, perPartition * PARTITIONS);
  const options: IdleJobOptions = {
    brokers: cluster.brokers,
    name: randomName('idle'),
    topic,
    partitions: PARTITIONS,
    perPartition,
    measureMs: MEASURE_MS,
    enoughMs: ENOUGH_MS,
    most: 12,
  };
  const { code, output } = await runNode([program, JSON.stringify(options)], { timeoutMs: 220_000 });
  t.is(code, 0, output);
  const line = output.split('\n').find((text) => text.startsWith('{"cpuMs"'));
  if (line === undefined) throw new Error(`The job did not report: ${output}`);
  return (JSON.parse(line) as IdleJobReport).cpuMs;
}

testOnEach(
  'a processor of 100 partitions that has nothing to read uses less than 1 % of a core over 10 seconds',
  async (t, cluster) => {
    t.timeout(240_000);
    const cpuMs = await measureIdle(t, cluster, 1);
    const percents = cpuMs.map((ms) => (100 * ms) / MEASURE_MS);
    const said = percents.map((percent) => `${percent.toFixed(2)} %`).join(', ');
    t.log(`${PARTITIONS} idle partitions, ${MEASURE_MS} ms each: ${said} of a core`);
    // The same work takes more processor time while others use the machine, never less: the least
    // of them is what it takes. So on a busy machine it is measured until a quiet time comes.
    t.true(Math.min(...cpuMs) < ENOUGH_MS, said);
  },
);
