import { openClient, silentLogger } from '../../source/index.ts';
import type { BatchStep } from '../../source/batch-report.ts';
import { TopicProcessor } from '../../source/topic-processor.ts';
import { connectClient, numbers, partitionsOf, sendNumbers } from '../kafka/kafkajs/test-client.ts';
import { describeGroup, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { Random } from '../_helpers/schedules/random.ts';
import { randomName, testOnBoth, type RealKafka, type TestCluster } from '../_helpers/servers/services.ts';

const STOPS = 100;
const PARTITIONS = 3;
/** So many records are sent before a run that may not have enough: a batch has 60 at most. */
const PORTION = 30_000;
const ENOUGH = 3_000;

/** STOP_SEED repeats the choices of a run that failed; times of the machine are its own. */
const seed = Number(process.env['STOP_SEED'] ?? Date.now() % 1_000_000);

/**
 * When a run is told to close: at the so-many-th time a batch has reached a step, in process, or
 * some time after the call, when it may not be at work yet.
 */
type Moment =
  | { readonly at: BatchStep | 'process'; readonly count: number }
  | { readonly at: 'time'; readonly ms: number };

const steps = ['process', 'processed', 'flushed', 'stored', 'committed'] as const;

/** At least every second one is at a step. */
function randomMoment(random: Random, stop: number): Moment {
  const at = stop % 2 === 0 ? random.pick(steps) : random.pick([...steps, 'time', 'time', 'time'] as const);
  return at === 'time' ? { at, ms: random.between(0, 80) } : { at, count: random.between(1, 10) };
}

function newJob(
  cluster: TestCluster,
  name: string,
  topics: { input: string; output: string },
  { random, stop }: { random: Random; stop: number },
) {
  const moment = randomMoment(random, stop);
  let count = 0;
  const passed = (at: BatchStep | 'process') => {
    if (moment.at === at && ++count === moment.count) void processor.close();
  };
  const processor = new TopicProcessor(
    {
      topicProcessorName: name,
      client: { brokers: [...cluster.brokers] },
      inputTopics: [topics.input],
      inputPartitions: numbers(PARTITIONS),
      // They would cost each start a second.
      claims: false,
      batchSize: random.between(5, 60),
      batchWaitMs: 50,
      commit: random.pick<'pipelined' | 'each'>(['pipelined', 'each']),
      concurrency: random.between(1, 2),
    },
    {
      process(messages, sender) {
        for (const { partition, value } of messages)
          sender.send({ topic: topics.output, partition, key: null, value });
        passed('process');
      },
    },
  );
  processor.on('batch', ({ step }) => {
    passed(step);
  });
  return { processor, moment };
}

async function committedEnds(
  cluster: TestCluster,
  name: string,
  topic: string,
): Promise<(number | undefined)[]> {
  const group = `kasper-topic-processor-${name}`;
  if (cluster.kind === 'real')
    return (await describeGroup(cluster as RealKafka, group)).map(({ offset }) => offset);
  const client = openClient({ brokers: [...cluster.brokers] }, { logger: silentLogger });
  try {
    await client.connect();
    return (await client.group(group).fetch(partitionsOf(topic, PARTITIONS))).map(({ offset }) => offset);
  } finally {
    await client.close();
  }
}

testOnBoth(
  `${STOPS} graceful stops at random moments repeat no record and lose none`,
  async (t, cluster) => {
    t.timeout(180_000);
    t.log(`STOP_SEED=${seed}`);
    const random = new Random(seed);
    const [name, input, output] = [randomName('stops'), randomName('in'), randomName('out')];
    await cluster.createTopic(input, PARTITIONS);
    await cluster.createTopic(output, PARTITIONS);
    const client = await connectClient(t, cluster.brokers);

    const begun = performance.now();
    let sent = 0;
    let taken = 0;
    let atWork = 0;
    for (let stop = 0; stop < STOPS; stop++) {
      if (sent - taken < ENOUGH) {
        await sendNumbers(client, input, PARTITIONS, PORTION, { from: sent });
        sent += PORTION;
      }
      const { processor, moment } = newJob(cluster, name, { input, output }, { random, stop });
      const where = `STOP_SEED=${seed}, stop ${stop} at ${JSON.stringify(moment)}`;
      const run = processor.runLoop();
      if (moment.at === 'time') setTimeout(() => void processor.close(), moment.ms);
      const { records } = await run.catch((cause: unknown) => {
        throw new Error(`A run failed: ${where}`, { cause });
      });
      t.is(processor.state, 'closed', where);
      if (moment.at !== 'time') t.true(records > 0, `it was at work: ${where}`);
      if (records > 0) atWork++;
      taken += records;
    }
    const took = performance.now() - begun;
    t.true(atWork >= STOPS / 2, `only ${atWork} of ${STOPS} stops came while records were processed`);

    const last = new TopicProcessor(
      {
        topicProcessorName: name,
        client: { brokers: [...cluster.brokers] },
        inputTopics: [input],
        inputPartitions: numbers(PARTITIONS),
        claims: false,
      },
      {
        process(messages, sender) {
          for (const { partition, value } of messages) sender.send({ topic: output, partition, value });
        },
      },
    );
    const { records: rest } = await last.runToEnd();
    const copies = await kcatRecords(cluster.brokers, output);
    for (const partition of numbers(PARTITIONS)) {
      t.deepEqual(
        copies.filter((copy) => copy.partition === partition).map(({ value }) => Number(value)),
        numbers(sent).filter((number) => number % PARTITIONS === partition),
        `STOP_SEED=${seed}: the copies of partition ${partition}`,
      );
    }
    t.deepEqual(
      await committedEnds(cluster, name, input),
      numbers(PARTITIONS).map(() => sent / PARTITIONS),
    );
    t.log(
      `${STOPS} stops, ${atWork} of them at work, ${Math.round(took)} ms; the last run took ${rest} of ${sent} records`,
    );
  },
  { needs: ['kcat'] },
);
