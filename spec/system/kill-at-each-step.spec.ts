import type { ExecutionContext } from 'ava';
import type { CopyJobLine, CopyJobStep } from '../_helpers/jobs/copy-job.ts';
import { startCopyJob, type CopyJob } from '../_helpers/jobs/copy-job-process.ts';
import { describeGroup, kcat, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testOnReal, type RealKafka } from '../_helpers/servers/services.ts';

const PARTITIONS = 2;
const RECORDS = 500;
const BATCH = 50;
/** The default of claimTimeoutMs. */
const CLAIM_TIMEOUT_MS = 15_000;

/** Where the first run is killed, and where the second; the third comes to the end. */
const CRASHES = [
  { partition: 0, batch: 3 },
  { partition: 1, batch: 2 },
] as const;

/**
 * Offsets of one partition that a run has taken up, and those of them that it has not seen
 * committed.
 */
function takenUp({ lines }: CopyJob, partition: number): { taken: Set<number>; open: Set<number> } {
  const taken = new Set<number>();
  const open = new Set<number>();
  for (const line of lines) {
    if (!isStep(line) || line.partition !== partition) continue;
    for (const offset of range(line.first, line.last + 1)) {
      taken.add(offset);
      if (line.at === 'committed') open.delete(offset);
      else open.add(offset);
    }
  }
  return { taken, open };
}

function isStep(line: CopyJobLine): line is Extract<CopyJobLine, { first: number }> {
  return 'first' in line;
}

/** The offsets that outputs carry, in the order of the output partition. */
async function copiedOffsets(kafka: RealKafka, topic: string): Promise<number[][]> {
  const records = await kcatRecords(kafka.brokers, topic);
  return Array.from({ length: PARTITIONS }, (_none, partition) =>
    records.filter((record) => record.partition === partition).map(({ key }) => Number(key)),
  );
}

async function committedOffsets(kafka: RealKafka, name: string): Promise<number[]> {
  const rows = await describeGroup(kafka, `kasper-topic-processor-${name}`);
  return rows.map(({ offset }) => offset ?? 0);
}

async function fillInput(kafka: RealKafka, topic: string): Promise<void> {
  await kafka.createTopic(topic, PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const lines = Array.from({ length: RECORDS }, (_none, offset) => `value ${partition} ${offset}\n`);
    await kcat(kafka.brokers, ['-P', '-t', topic, '-p', String(partition)], lines.join(''));
  }
}

/** One partition when a run was killed. */
interface Crashed {
  /** What its output carried. */
  readonly copies: readonly number[];
  readonly committed: number;
  readonly open: ReadonlySet<number>;
}

/**
 * What a crash may cost: from the committed offset on everything comes again, in order. Before that
 * may stand what the killed run had sent and nobody could see yet when it was looked at: requests
 * that arrive after its death. It goes on where its outputs ended, and was open.
 *
 * @param taken what this run has taken up
 * @returns what this run wrote
 */
function ownCopies(
  t: ExecutionContext,
  copies: readonly number[],
  killed: Crashed,
  taken: ReadonlySet<number>,
): readonly number[] {
  t.deepEqual(copies.slice(0, killed.copies.length), killed.copies);
  const added = copies.slice(killed.copies.length);
  const began = taken.size === 0 ? -1 : added.lastIndexOf(killed.committed);
  const own = began === -1 ? [] : added.slice(began);
  const late = added.slice(0, added.length - own.length);
  const next = (killed.copies.at(-1) ?? -1) + 1;
  t.deepEqual(late, range(next, next + late.length), 'what came late goes on where the outputs ended');
  t.true(late.every((offset) => killed.open.has(offset)));
  const from = killed.committed;
  t.deepEqual(own, range(from, from + own.length), 'it goes on at its committed offset, in order');
  return own;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_none, at) => from + at);
}

/** Where it is killed, and whether it claims its partitions: that costs each start a second. */
const CASES: readonly { readonly at: CopyJobStep; readonly claims: boolean }[] = [
  { at: 'process', claims: false },
  { at: 'processed', claims: false },
  { at: 'flushed', claims: false },
  { at: 'stored', claims: false },
  { at: 'committed', claims: false },
  { at: 'stored', claims: true },
];

for (const { at, claims } of CASES) {
  testOnReal(
    `a process ${claims ? 'with claims ' : ''}killed at '${at}' loses nothing and repeats only what was open`,
    async (t, kafka) => {
      t.timeout(240_000);
      const [name, inputTopic, outputTopic] = [randomName('kill'), randomName('in'), randomName('out')];
      await fillInput(kafka, inputTopic);
      await kafka.createTopic(outputTopic, PARTITIONS);
      const options = {
        brokers: kafka.brokers,
        name,
        inputTopic,
        outputTopic,
        partitions: PARTITIONS,
        batchSize: BATCH,
        bounded: true,
        claims,
      };

      // What was there when the last run was killed.
      let killed: readonly Crashed[] = Array.from({ length: PARTITIONS }, () => ({
        copies: [],
        committed: 0,
        open: new Set(),
      }));
      let repeats = 0;
      for (const crash of [...CRASHES, undefined]) {
        const job = startCopyJob(
          t,
          crash === undefined ? options : { ...options, blockAt: { ...crash, at } },
        );
        if (claims && crash !== CRASHES[0]) await assertTakenOverAtOnce(t, job);
        if (crash === undefined) await job.done();
        else {
          const blocked = await job.untilLine('blocked');
          await job.kill();
          t.is(blocked.partition, crash.partition);
        }
        const allCopies = await copiedOffsets(kafka, outputTopic);
        const allCommitted = await committedOffsets(kafka, name);
        killed = killed.map((before, partition) => {
          const copies = allCopies[partition] ?? [];
          const committed = allCommitted[partition] ?? 0;
          const { taken, open } = takenUp(job, partition);
          const own = ownCopies(t, copies, before, taken);
          const known = new Set(before.copies);
          repeats += own.filter((offset) => known.has(offset)).length;
          assertCommitted(t, committed, copies);
          if (crash !== undefined) {
            const strays = own.filter((offset) => offset >= committed && !open.has(offset));
            t.deepEqual(strays, [], 'written by this run, not committed, and not open');
          }
          if (crash?.partition === partition) assertCrash(t, at, job, own, committed);
          return { copies, committed, open };
        });
      }
      const ends = killed.map(({ committed }) => committed);
      t.deepEqual(ends, [RECORDS, RECORDS]);
      t.deepEqual(
        killed.map(({ copies }) => new Set(copies).size),
        [RECORDS, RECORDS],
      );
      const values = await kcatRecords(kafka.brokers, outputTopic);
      t.true(values.every(({ partition, key, value }) => value === `value ${partition} ${key}`));
      t.log(`${repeats} of ${PARTITIONS * RECORDS} outputs were written twice`);
    },
    { needs: ['kcat'] },
  );
}

/** The process that was killed is known to be gone: nobody waits for `claimTimeoutMs`. */
async function assertTakenOverAtOnce(t: ExecutionContext, job: CopyJob): Promise<void> {
  const began = performance.now();
  await job.untilLine('running', CLAIM_TIMEOUT_MS / 2);
  const logged = job.lines.flatMap((line) => (line.at === 'log' ? [line.message] : []));
  t.true(
    logged.includes('Partitions are taken over from a process of this host that has ended'),
    logged.join('\n'),
  );
  t.log(`partitions taken over, at work ${Math.round(performance.now() - began)} ms after the start`);
}

/** Nothing is committed that was not written. */
function assertCommitted(t: ExecutionContext, committed: number, copies: readonly number[]): void {
  const written = new Set(copies);
  const lost = range(0, committed).filter((offset) => !written.has(offset));
  t.deepEqual(lost, [], `committed at ${committed}, and these were never written`);
}

/** What the step means for the very batch that was killed there. */
function assertCrash(
  t: ExecutionContext,
  at: CopyJobStep,
  { lines }: CopyJob,
  own: readonly number[],
  committed: number,
): void {
  const batch = lines.find((line) => line.at === 'blocked');
  if (batch === undefined) throw new Error('it was not killed in a batch');
  const { first, last } = batch;
  const written = own.filter((offset) => offset >= first && offset <= last).length;
  const size = last - first + 1;
  t.is(size, BATCH);
  t.is(written, at === 'process' ? size / 2 : at === 'processed' ? 0 : size);
  if (at === 'committed') t.true(committed > last);
  else t.true(committed <= first);
}
