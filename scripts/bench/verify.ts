import type { KafkaClient } from '../../source/index.ts';
import { recordsByPartition, type InputShape } from './input-records.ts';
import type { Job } from './jobs/job.ts';
import { expectedContents, readContents } from './output-contents.ts';
import type { Measurement, Sums } from './measure.ts';
import type { Task } from './task.ts';

/** A contender did not do what it was measured at. */
export class WrongResultError extends Error {
  override readonly name = 'WrongResultError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** A run that has ended, and all that its result can be compared with. */
export interface FinishedRun {
  readonly client: KafkaClient;
  readonly job: Job;
  readonly task: Task;
  readonly inputs: readonly InputShape[];
  readonly measured: Measurement;
}

/**
 * Compares what a run left behind with what its input says that it must be: the number of records,
 * its sums, the committed offset of each input partition, the end of each output partition and what
 * is in it, and what is in the store.
 *
 * @throws WrongResultError that names each difference
 */
export async function verify(run: FinishedRun): Promise<void> {
  const { job, task, inputs, measured } = run;
  const problems = [
    ...difference('records', measured.records, task.records),
    ...sumsProblems('', measured.sums, job.expectedSums(inputs)),
    ...(await commitProblems(run)),
    ...(await outputProblems(run)),
  ];
  if (job.store !== undefined) {
    const stored = await job.store.storedSums(task, inputs[0]?.keys ?? 0);
    problems.push(...sumsProblems(`in ${job.store.server}: `, stored, job.store.expectedSums(inputs)));
  }
  if (problems.length > 0) throw new WrongResultError(problems);
}

async function commitProblems({ client, task, inputs }: FinishedRun): Promise<string[]> {
  const wanted = inputs.flatMap((shape, at) =>
    recordsByPartition(shape).map((offset, partition) => ({
      topic: task.inputs[at] ?? '',
      partition,
      offset,
    })),
  );
  const committed = await client.group(task.group).fetch(wanted);
  return someProblems(
    wanted.flatMap(({ topic, partition, offset }, at) => {
      const found = committed[at]?.offset;
      // Nothing was read of an empty partition, so no offset of it need be committed.
      if (offset === 0 && found === undefined) return [];
      return difference(`committed offset of ${topic}/${partition}`, found, offset);
    }),
  );
}

/** Contents are read only where the ends are right: two differences of one cause say no more. */
async function outputProblems({ client, job, task, inputs }: FinishedRun): Promise<string[]> {
  if (job.output === undefined) return [];
  const { output } = task;
  const wanted = expectedContents(job.output, inputs);
  const partitions = wanted.map((_, partition) => ({ topic: output, partition }));
  const ends = await client.listOffsets('latest', partitions, 'read_committed');
  const wrongEnds = wanted.flatMap(({ records }, at) =>
    difference(`end of ${output}/${at}`, ends[at]?.offset, records),
  );
  if (wrongEnds.length > 0) return someProblems(wrongEnds);
  const found = await readContents(
    client,
    output,
    wanted.map(({ records }) => records),
  );
  return someProblems(
    wanted.flatMap(({ records, checksum }, at) => [
      ...difference(`records read of ${output}/${at}`, found[at]?.records, records),
      ...difference(`checksum of keys and values in ${output}/${at}`, found[at]?.checksum, checksum),
    ]),
  );
}

function sumsProblems(where: string, found: Sums, wanted: Sums): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => difference(where + name, found[name], value));
}

function difference(what: string, found: number | undefined, wanted: number): string[] {
  return found === wanted ? [] : [`${what}: ${String(found)}, not ${wanted}`];
}

/** No text grows with the number of partitions. */
function someProblems(problems: readonly string[]): string[] {
  const most = 3;
  if (problems.length <= most) return [...problems];
  return [...problems.slice(0, most), `and ${problems.length - most} more like this`];
}
