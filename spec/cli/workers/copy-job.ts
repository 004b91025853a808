import type { ExecutionContext } from 'ava';
import { groupIdOf, openClient, silentLogger, type KafkaClient } from 'kasper-ts';
import { sendRecords } from '../../../scripts/examples/cluster.ts';
import { kcatRecords } from '../../_helpers/servers/kafka-tools.ts';
import { randomName, testOnBoth, type TestCluster } from '../../_helpers/servers/services.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { until } from '../../_helpers/until.ts';
import type { Child } from '../child.ts';
import { folderWith } from '../job-file.ts';

export const PARTITIONS = 12;

/** Waits for what other processes do. */
export function soon(predicate: () => boolean | Promise<boolean>): Promise<unknown> {
  return until(predicate, { deadlineMs: 60_000, what: 'the workers' });
}

let turn: Promise<unknown> = Promise.resolve();

/** Each run has four processes: beside others of their kind they would only wait for each other. */
export function testInTurn(
  title: string,
  implementation: (t: ExecutionContext, cluster: TestCluster) => Promise<void>,
): void {
  testOnBoth(
    title,
    (t, cluster) => {
      const done = turn.then(() => implementation(t, cluster));
      turn = done.catch(() => undefined);
      return done;
    },
    { needs: ['kcat'] },
  );
}

export interface Deployment {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly folder: string;
  readonly client: KafkaClient;
  readonly argv: readonly string[];
}

/**
 * A topic of 12 partitions with so many records in each, and a job that copies them: `process` is
 * the body of its process function, `options` are others of the job.
 */
export async function deploy(
  t: ExecutionContext,
  cluster: Pick<TestCluster, 'brokers' | 'createTopic'>,
  perPartition: number,
  process = '',
  options = '',
): Promise<Deployment> {
  const name = randomName('workers');
  const [input, output] = [`${name}-in`, `${name}-out`];
  await cluster.createTopic(input, PARTITIONS);
  await cluster.createTopic(output, 3);
  const client = openClient({ brokers: [...cluster.brokers] }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  await fill(client, input, perPartition, 0);
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: '${name}', inputTopics: ['${input}'], batchSize: 10, batchWaitMs: 0, ${options}
      processor: {
        async process(messages, sender, { partition }) {
          ${process}
          for (const { value } of messages) sender.send({ topic: '${output}', key: String(partition), value });
        },
      },
    };`,
  );
  const argv = ['run', 'job.mjs', '--brokers', cluster.brokers.join(','), '--workers', '3'];
  return { name, input, output, folder, client, argv };
}

/** Records with the numbers from `first` on, so many in each partition, spread in turn. */
function fill(client: KafkaClient, topic: string, perPartition: number, first: number): Promise<unknown> {
  return sendRecords(
    client,
    topic,
    Array.from({ length: PARTITIONS * perPartition }, (_, at) => ({
      value: String(first + at),
    })),
  );
}

/** By partition; -1 where nothing is committed. */
export async function committed({ client, name, input }: Deployment): Promise<number[]> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: input, partition }));
  const offsets = await client.group(groupIdOf(name)).fetch(partitions);
  return offsets.map(({ offset = -1 }) => offset);
}

export async function outputValues(
  cluster: Pick<TestCluster, 'brokers'>,
  { output }: Deployment,
): Promise<number[]> {
  const records = await kcatRecords(cluster.brokers, output);
  return records.map(({ value }) => Number(value)).sort((a, b) => a - b);
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** The pid of each worker, from the line that each writes when it starts. */
export async function pidsOf(child: Child): Promise<number[]> {
  const pids = () =>
    [1, 2, 3].map((worker) =>
      Number(new RegExp(`Run starts worker=${worker} .* pid=(\\d+)`).exec(child.stderr)?.[1] ?? 0),
    );
  await soon(() => pids().every((pid) => pid > 0));
  return pids();
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function embedded(t: ExecutionContext) {
  const cluster = await startEmbedded(t);
  return {
    brokers: cluster.brokers,
    createTopic: (name: string, partitions: number) => {
      cluster.createTopic(name, { partitions });
      return Promise.resolve();
    },
  };
}
