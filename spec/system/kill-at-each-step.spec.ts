import type { ExecutionContext } from 'ava';
import type { CopyJobLine, CopyJobStep } from '../_helpers/copy-job.ts';
import { startCopyJob, type CopyJob } from '../_helpers/copy-job-process.ts';
import { describeGroup, kcat, kcatRecords } from '../_helpers/kafka-tools.ts';
import { randomName, testOnReal, type RealKafka } from '../_helpers/services.ts';

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

/** Offsets of one partition that a killed run had taken up and not seen committed. */
function openAtCrash({ lines }: CopyJob, partition: number): Set<number> {
  const open = new Set<number>();
  for (const line of lines) {
    if (!isStep(line) || line.partition !== partition) continue;
    for (let offset = line.first; offset <= line.last; offset++) {
      if (line.at === 'committed') open.delete(offset);
      else open.add(offset);
    }
  }
  return open;
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

/** What a crash may cost: from the committed offset on everything comes again, in order, and what of it was written before is written twice. */
function expectedCopies(
  before: readonly number[],
  committed: number,
  upTo: number,
): { readonly copies: readonly number[]; readonly repeated: readonly number[] } {
  const again = Array.from({ length: upTo - committed }, (_none, at) => committed + at);
  return { copies: [...before, ...again], repeated: before.filter((offset) => offset >= committed) };
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

      // What must follow on what was written when the last run was killed.
      let killed: { readonly copies: number[][]; readonly committed: number[] } = {
        copies: [],
        committed: [],
      };
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
        const copies = await copiedOffsets(kafka, outputTopic);
        const committed = await committedOffsets(kafka, name);
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const mine = copies[partition] ?? [];
          const { copies: expected, repeated } = expectedCopies(
            killed.copies[partition] ?? [],
            killed.committed[partition] ?? 0,
            (mine.at(-1) ?? -1) + 1,
          );
          t.deepEqual(mine, expected, `partition ${partition} goes on at its committed offset, in order`);
          repeats += repeated.length;
          assertCommitted(t, committed[partition] ?? 0, mine);
          if (crash !== undefined) assertOpen(t, job, partition, mine, committed[partition] ?? 0);
        }
        if (crash !== undefined) {
          const fresh = copies.map((offsets, partition) => offsets.slice(killed.copies[partition]?.length));
          assertCrash(t, at, job, fresh, committed);
        }
        killed = { copies, committed };
      }
      t.deepEqual(killed.committed, [RECORDS, RECORDS]);
      t.deepEqual(
        killed.copies.map((offsets) => new Set(offsets).size),
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
  const lost = Array.from({ length: committed }, (_none, offset) => offset).filter(
    (each) => !written.has(each),
  );
  t.deepEqual(lost, [], `committed at ${committed}, and these were never written`);
}

/** What will be repeated was open. */
function assertOpen(
  t: ExecutionContext,
  job: CopyJob,
  partition: number,
  copies: readonly number[],
  committed: number,
): void {
  const open = openAtCrash(job, partition);
  const strays = copies.filter((offset) => offset >= committed && !open.has(offset));
  t.deepEqual(strays, [], 'written, not committed, and not open');
}

/** What the step means for the very batch that was killed there. */
function assertCrash(
  t: ExecutionContext,
  at: CopyJobStep,
  { lines }: CopyJob,
  copies: readonly (readonly number[])[],
  committed: readonly number[],
): void {
  const batch = lines.find((line) => line.at === 'blocked');
  if (batch === undefined) throw new Error('it was not killed in a batch');
  const { partition, first, last } = batch;
  const written = (copies[partition] ?? []).filter((offset) => offset >= first && offset <= last).length;
  const size = last - first + 1;
  t.is(size, BATCH);
  t.is(written, at === 'process' ? size / 2 : at === 'processed' ? 0 : size);
  if (at === 'committed') t.true((committed[partition] ?? 0) > last);
  else t.true((committed[partition] ?? 0) <= first);
}
