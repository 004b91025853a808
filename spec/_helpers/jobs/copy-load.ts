import type { ExecutionContext } from 'ava';
import { openClient, silentLogger } from '../../../source/index.ts';
import type { CopyJobLine } from './copy-job.ts';
import { startCopyJob, type CopyJob } from './copy-job-process.ts';
import { describeGroup, kcat } from '../servers/kafka-tools.ts';
import { randomName, type RealKafka } from '../servers/services.ts';
import { until } from '../until.ts';

const PARTITIONS = 6;
/** Records that are sent together, and the pause after them. */
const AT_ONCE = 60;
const PAUSE_MS = 20;
/** Longer than any fault here, and shorter than a spec may take. */
const RETRY_MS = 110_000;
const MiB = 1024 * 1024;

type Usage = Extract<CopyJobLine, { at: 'usage' }>;

/**
 * A copy job at work in a process of its own, on numbers that this process writes without end,
 * while a cluster has its faults.
 */
export interface CopyLoad {
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly groupId: string;
  /**
   * Resolves when every partition has committed something from now on, with the time that took.
   *
   * @throws Error after `deadlineMs`, or if the job has ended
   */
  untilProgress(deadlineMs: number): Promise<number>;
  /** Resolves when this many more records were committed. */
  more(records: number): Promise<void>;
  /**
   * Lets everything come to its end, and checks it: the group is at the end; every record is there
   * once and in order, in the input and in the output; the job closes, and what it used did not
   * grow.
   */
  finish(): Promise<void>;
}

/** Starts both, and waits until they are at work. */
export async function startCopyLoad(t: ExecutionContext, kafka: RealKafka): Promise<CopyLoad> {
  const [name, inputTopic, outputTopic] = [randomName('load'), randomName('in'), randomName('out')];
  for (const topic of [inputTopic, outputTopic])
    await kafka.createTopic(
      topic,
      PARTITIONS,
      kafka.brokers.length > 1 ? { 'min.insync.replicas': '2' } : {},
    );
  const writer = await startWriter(t, kafka, inputTopic);
  const job = startCopyJob(t, {
    brokers: kafka.brokers,
    name,
    inputTopic,
    outputTopic,
    partitions: PARTITIONS,
    batchSize: 200,
    batchWaitMs: 50,
    bounded: false,
    claims: true,
    usageEveryMs: 500,
  });
  const load: CopyLoad = {
    inputTopic,
    outputTopic,
    groupId: `kasper-topic-processor-${name}`,
    untilProgress: async (deadlineMs) => {
      const from = job.lines.length;
      const began = performance.now();
      await until(
        () => {
          if (writer.failure !== undefined) throw writer.failure;
          assertAtWork(job);
          return committedPartitions(job.lines.slice(from)).size === PARTITIONS;
        },
        { deadlineMs, what: `a commit of each of the ${PARTITIONS} partitions` },
      );
      return Math.round(performance.now() - began);
    },
    more: async (records) => {
      const enough = committedRecords(job) + records;
      await until(
        () => {
          assertAtWork(job);
          return committedRecords(job) >= enough;
        },
        { deadlineMs: 60_000, what: `${records} records more to be committed` },
      );
    },
    finish: async () => {
      const sent = await writer.stop();
      await until(
        () => {
          assertAtWork(job);
          return committedRecords(job) >= sent;
        },
        { deadlineMs: 60_000, what: `the job to commit ${sent} records` },
      );
      await job.close();
      const rows = await describeGroup(kafka, load.groupId);
      t.deepEqual(
        rows.map(({ topic, partition, offset, lag }) => ({ topic, partition, offset, lag })),
        Array.from({ length: PARTITIONS }, (_none, partition) => ({
          topic: inputTopic,
          partition,
          offset: sent / PARTITIONS,
          lag: 0,
        })),
      );
      assertNumbers(t, 'input', await readNumbers(kafka, inputTopic), sent);
      assertNumbers(t, 'output', await readNumbers(kafka, outputTopic), sent);
      assertFlat(t, job);
      t.log(
        `${sent} records, each once and in order; ${PARTITIONS} partitions committed at ${sent / PARTITIONS}`,
      );
    },
  };
  await load.untilProgress(60_000);
  // What the job uses is compared with what it used in this time.
  await load.more(6_000);
  return load;
}

interface Writer {
  readonly failure: Error | undefined;
  /** Resolves with the number of records that were written, when all of them were acked. */
  stop(): Promise<number>;
}

/** Writes 0, 1, 2 … to the partitions in turn. */
async function startWriter(t: ExecutionContext, kafka: RealKafka, topic: string): Promise<Writer> {
  const client = openClient(
    { brokers: [...kafka.brokers] },
    { logger: silentLogger, retryTimeoutMs: RETRY_MS },
  );
  t.teardown(() => client.close());
  await client.connect();
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: RETRY_MS });
  const accumulator = sink.accumulator();
  const stopping = new AbortController();
  t.teardown(() => {
    stopping.abort();
  });
  let sent = 0;
  let failure: Error | undefined;
  const writing = (async () => {
    await sink.loadTopic(topic);
    while (!stopping.signal.aborted) {
      for (let i = sent; i < sent + AT_ONCE; i++) {
        const value = Buffer.from(String(i));
        accumulator.append(
          topic,
          i % PARTITIONS,
          accumulator.measure({
            key: null,
            value,
            headers: [],
            timestamp: Date.now(),
          }),
        );
      }
      await accumulator.flush();
      sent += AT_ONCE;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  writing.catch((error: unknown) => {
    failure = error as Error;
  });
  return {
    get failure() {
      return failure;
    },
    stop: async () => {
      stopping.abort();
      await writing;
      return sent;
    },
  };
}

function assertAtWork({ lines }: CopyJob): void {
  const ended = lines.find((line) => line.at === 'failed' || line.at === 'done');
  if (ended !== undefined) throw new Error(`The copy job ended: ${JSON.stringify(ended)}`);
}

function committedPartitions(lines: readonly CopyJobLine[]): Set<number> {
  return new Set(lines.flatMap((line) => (line.at === 'committed' ? [line.partition] : [])));
}

function committedRecords({ lines }: CopyJob): number {
  let records = 0;
  for (const line of lines) if (line.at === 'committed') records += line.last - line.first + 1;
  return records;
}

/** The numbers of each partition, in its order, as librdkafka reads them. */
async function readNumbers(kafka: RealKafka, topic: string): Promise<number[][]> {
  const text = await kcat(kafka.brokers, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p %s\n']);
  const numbers = Array.from({ length: PARTITIONS }, (): number[] => []);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [partition, value] = line.split(' ');
    numbers[Number(partition)]?.push(Number(value));
  }
  return numbers;
}

function assertNumbers(t: ExecutionContext, what: string, found: readonly number[][], sent: number): void {
  found.forEach((numbers, partition) => {
    const wrong = numbers.findIndex((number, at) => number !== at * PARTITIONS + partition);
    const around = numbers.slice(Math.max(0, wrong - 3), wrong + 4).join(' ');
    t.is(wrong, -1, `${what}, partition ${partition}: lost, repeated or out of order at ${wrong}: ${around}`);
    t.is(numbers.length, sent / PARTITIONS, `${what}, partition ${partition}`);
  });
}

/** What the job uses at the end is what it used when it had come to work. */
function assertFlat(t: ExecutionContext, { lines }: CopyJob): void {
  const usages = lines.filter((line): line is Usage => line.at === 'usage');
  const early = usages.slice(0, 6);
  const [first, last] = [leastOf(early), leastOf(usages.slice(-6))];
  // Connections are opened when they are needed first.
  const open = Math.max(...early.map(({ descriptors }) => descriptors));
  const inMiB = ({ rss, heapUsed, arrayBuffers, descriptors }: Usage) =>
    `${Math.round(rss / MiB)} MiB resident, ${Math.round(heapUsed / MiB)} in the heap, ${Math.round(arrayBuffers / MiB)} in array buffers, ${descriptors} descriptors`;
  t.log(`the job: ${inMiB(first)} at first, ${inMiB(last)} at last`);
  t.true(last.rss < first.rss + 64 * MiB, `${last.rss} bytes resident, ${first.rss} at first`);
  t.true(last.heapUsed < first.heapUsed + 8 * MiB, `${last.heapUsed} bytes in the heap`);
  t.true(last.arrayBuffers < first.arrayBuffers + 8 * MiB, `${last.arrayBuffers} bytes in array buffers`);
  // Three connections to each of three brokers: at the first samples some of them were not needed yet, after the fault all are open.
  t.true(last.descriptors <= open + 5, `${last.descriptors} descriptors, ${open} at first`);
}

/** The least of each: what is above it is work in process. */
function leastOf(usages: readonly Usage[]): Usage {
  if (usages.length < 6) throw new Error(`${usages.length} samples are too few`);
  const least = (of: (usage: Usage) => number) => Math.min(...usages.map(of));
  return {
    at: 'usage',
    rss: least(({ rss }) => rss),
    heapUsed: least(({ heapUsed }) => heapUsed),
    arrayBuffers: least(({ arrayBuffers }) => arrayBuffers),
    descriptors: least(({ descriptors }) => descriptors),
  };
}
