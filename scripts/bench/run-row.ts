import { randomUUID } from 'node:crypto';
import { groupIdOf } from '../../source/index.ts';
import { runMeasured } from './contender.ts';
import type { ReadyContender } from './contenders/contenders.ts';
import type { BenchCluster } from './cluster.ts';
import type { InputShape } from './input-records.ts';
import type { Job } from './jobs/job.ts';
import type { Ground } from './ground.ts';
import type { Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { startStore } from './store-server.ts';
import type { Settings, Task } from './task.ts';
import { verify } from './verify.ts';

/** One contender with what it is set to: a row of a table. */
export interface Row {
  readonly contender: ReadyContender;
  /** undefined where the contender's batches are what a fetch returned. */
  readonly batch: number | undefined;
  readonly settings: Settings;
  /** What it reads: fewer records where its batches are small. */
  readonly inputs: readonly InputShape[];
  /** A quarter of that, for a second run that tells the start apart. */
  readonly shortInputs?: readonly InputShape[];
}

/** The records of all inputs of a row. */
export function recordsOf({ inputs }: Pick<Row, 'inputs'>): number {
  return inputs.reduce((sum, { records }) => sum + records, 0);
}

/** What all rows of a table do. */
export interface Exercise {
  readonly cluster: BenchCluster;
  readonly job: Job;
  readonly ground: Ground;
  readonly options: Pick<BenchOptions, 'limitMs' | 'nodeOptions' | 'batches'>;
}

/**
 * Runs a contender once, with a group, an output topic and a server of stores of its own, and
 * verifies the result.
 *
 * @throws WrongResultError, or Error if it fails or runs for too long
 */
export async function runRow(row: Row, exercise: Exercise): Promise<Measurement> {
  const { cluster, job, ground, options } = exercise;
  const { inputs } = row;
  const name = `bench-${randomUUID()}`;
  const topics: string[] = [];
  for (const shape of inputs) topics.push(await cluster.input(shape, ground));
  const output = job.output === undefined ? '' : await cluster.createOutput(ground.partitions);
  const server = job.store === undefined ? undefined : await startStore(job.store.server);
  const task: Task = {
    job: job.name,
    brokers: cluster.brokers,
    name,
    group: groupIdOf(name),
    inputs: topics,
    output,
    partitions: ground.partitions,
    records: recordsOf(row),
    batch: row.batch ?? Math.max(...options.batches),
    compression: ground.compression,
    valueBytes: ground.valueBytes,
    concurrency: job.concurrency,
    port: server?.port ?? 0,
    settings: row.settings,
  };
  try {
    const { program, args, env } = row.contender.prepared;
    const measured = await runMeasured({
      program,
      args: [...(program === process.execPath ? options.nodeOptions : []), ...args, JSON.stringify(task)],
      ...(env && { env }),
      limitMs: options.limitMs,
    });
    await verify({ client: cluster.client, job, task, inputs, measured });
    return measured;
  } finally {
    await server?.stop();
    if (output !== '') await cluster.delete([output]);
  }
}
