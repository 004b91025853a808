import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { startRedis } from '../../scripts/services/redis-server.ts';
import { groupIdOf } from '../../source/index.ts';
import type {
  DeduplicatedJobLine,
  DeduplicatedJobOptions,
  PutStep,
} from '../_helpers/jobs/deduplicated-job.ts';
import { startJob } from '../_helpers/jobs/job-process.ts';
import { kafkajsFor } from '../_helpers/jobs/system-job.ts';
import { describeGroup, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testOnReal, type RealKafka } from '../_helpers/servers/services.ts';

const PARTITIONS = 2;
const RECORDS = 400;
const BATCH = 40;
/** One in this many is poison, and one in this many has the id of the record before. */
const POISON = 50;
const REPEAT = 20;

/** Where the first runs are killed; the last one comes to the end. */
const CRASHES = [
  { partition: 0, batch: 3 },
  { partition: 1, batch: 2 },
] as const;

interface InputRecord {
  readonly id: string;
  readonly value: string;
}

/** Ids and values name their partition and offset. */
function inputOf(partition: number): InputRecord[] {
  return Array.from({ length: RECORDS }, (_none, offset) => {
    const isRepeat = offset % REPEAT === REPEAT - 1;
    const isPoison = offset % POISON === POISON / 2;
    return {
      id: `${partition}-${isRepeat ? offset - 1 : offset}`,
      value: `${isPoison ? 'poison' : 'value'} ${partition} ${offset}`,
    };
  });
}

const isPoison = ({ value }: InputRecord) => value.startsWith('poison');

/** What each output partition must have, once or more: by value. */
function expectedOf(partition: number): string[] {
  const seen = new Set<string>();
  return inputOf(partition)
    .filter((record) => !isPoison(record) && !seen.has(record.id) && seen.add(record.id))
    .map(({ value }) => value);
}

async function fill(kafka: RealKafka, topic: string): Promise<void> {
  const producer = kafkajsFor(kafka).producer();
  await producer.connect();
  for (let partition = 0; partition < PARTITIONS; partition++)
    await producer.send({
      topic,
      messages: inputOf(partition).map(({ id, value }) => ({
        partition,
        key: `k${partition}`,
        value,
        headers: { message_id: id },
      })),
    });
  await producer.disconnect();
}

/** What Kafka and Redis have: the ids first, so that an output that is still on its way is missed. */
async function lookAt(
  kafka: RealKafka,
  redis: Redis,
  { outputTopic, inputTopic, name }: DeduplicatedJobOptions,
) {
  const ids = (await redis.keys('*')).map((key) => key.slice(key.lastIndexOf('/') + 1));
  const outputs = await kcatRecords(kafka.brokers, outputTopic);
  const letters = await kcatRecords(kafka.brokers, `${inputTopic}.dlq`);
  const committed = (await describeGroup(kafka, groupIdOf(name))).map(({ offset }) => offset ?? 0);
  return {
    ids,
    committed,
    outputs: Array.from({ length: PARTITIONS }, (_none, partition) =>
      outputs.filter((record) => record.partition === partition).map(({ value }) => value ?? ''),
    ),
    letters: letters.map(({ value }) => value ?? ''),
  };
}

const CASES: readonly { readonly at: PutStep; readonly means: string }[] = [
  { at: 'before', means: 'has its outputs repeated' },
  { at: 'after', means: 'is left out, with nothing repeated' },
];

for (const { at, means } of CASES) {
  testOnReal(
    `a process killed ${at} its ids are put loses nothing: its batch ${means}, and no id is there before its output`,
    async (t, kafka) => {
      t.timeout(240_000);
      const server = await startRedis();
      t.teardown(() => server.stop());
      const redis = new Redis(server.port);
      t.teardown(() => {
        redis.disconnect();
      });
      const options: DeduplicatedJobOptions = {
        brokers: kafka.brokers,
        name: randomName('ids'),
        inputTopic: randomName('in'),
        outputTopic: randomName('out'),
        partitions: PARTITIONS,
        batchSize: BATCH,
        redis: { host: server.host, port: server.port },
        keyPrefix: 'seen',
      };
      await kafka.createTopic(options.inputTopic, PARTITIONS);
      await kafka.createTopic(options.outputTopic, PARTITIONS);
      await kafka.createTopic(`${options.inputTopic}.dlq`, 1);
      await fill(kafka, options.inputTopic);

      const blockedBatches: { partition: number; first: number; last: number; times: number[] }[] = [];
      for (const crash of CRASHES) {
        const job = startJob<DeduplicatedJobLine>(t, 'deduplicated-job', {
          ...options,
          blockAt: { ...crash, at },
        });
        const blocked = await job.untilLine('blocked');
        await job.kill();
        const found = await lookAt(kafka, redis, options);
        assertIdsAfterOutputs(t, found);
        assertNothingPassed(t, found);
        const batch = wanted(blocked);
        blockedBatches.push({ ...blocked, times: timesOf(batch, found.outputs[blocked.partition]) });
        const { partition, first } = blocked;
        t.true((found.committed[partition] ?? 0) <= first, 'it was not committed');
        t.true(
          batch.every(({ value }) => found.outputs[partition]?.includes(value)),
          'its outputs are there',
        );
        t.is(batch.filter(({ id }) => found.ids.includes(id)).length, at === 'before' ? 0 : batch.length);
      }
      const last = startJob<DeduplicatedJobLine>(t, 'deduplicated-job', options);
      await last.done();
      const found = await lookAt(kafka, redis, options);
      assertIdsAfterOutputs(t, found);
      t.deepEqual(found.committed, [RECORDS, RECORDS]);
      let repeated = 0;
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const outputs = found.outputs[partition] ?? [];
        t.deepEqual([...new Set(outputs)].sort(), expectedOf(partition).sort(), 'nothing lost, nothing more');
        repeated += outputs.length - expectedOf(partition).length;
      }
      for (const blocked of blockedBatches) {
        // A run before may have had them open, too, and sent them.
        const times = timesOf(wanted(blocked), found.outputs[blocked.partition]);
        const repeats = times.map((count, record) => count - (blocked.times[record] ?? 0));
        t.true(
          repeats.every((count) => (at === 'before' ? count >= 1 : count === 0)),
          `repeated after the kill: ${repeats.join(', ')}`,
        );
      }
      const poison = [0, 1].flatMap((partition) => inputOf(partition).filter(isPoison));
      t.deepEqual([...new Set(found.letters)].sort(), poison.map(({ value }) => value).sort());
      t.log(`${repeated} of ${PARTITIONS * RECORDS} outputs were written twice`);
    },
    { needs: ['kcat', 'redis-server'] },
  );
}

/** Of the messages of a batch, those that are to be sent on. */
function wanted({ partition, first, last }: { partition: number; first: number; last: number }) {
  const values = new Set(expectedOf(partition));
  return inputOf(partition)
    .slice(first, last + 1)
    .filter(({ value }) => values.has(value));
}

/** How often each of these is in an output partition. */
function timesOf(records: readonly InputRecord[], outputs: readonly string[] = []): number[] {
  return records.map(({ value }) => outputs.filter((each) => each === value).length);
}

type Found = Awaited<ReturnType<typeof lookAt>>;

/** Neither that of a message whose output is missing, nor that of one that was set aside. */
function assertIdsAfterOutputs(t: ExecutionContext, { ids, outputs }: Found): void {
  const sent = new Set(outputs.flat());
  const withOutput = new Set(
    [0, 1].flatMap((partition) =>
      inputOf(partition)
        .filter(({ value }) => sent.has(value))
        .map(({ id }) => id),
    ),
  );
  t.deepEqual(
    ids.filter((id) => !withOutput.has(id)),
    [],
    'ids without an output',
  );
}

/** Nothing is committed that is neither in the output nor among the dead letters, nor a repeat. */
function assertNothingPassed(t: ExecutionContext, { committed, outputs, letters }: Found): void {
  const there = new Set([...outputs.flat(), ...letters]);
  for (const [partition, end] of committed.entries()) {
    const needed = new Set(expectedOf(partition));
    const lost = inputOf(partition)
      .slice(0, end)
      .filter((record) => (isPoison(record) || needed.has(record.value)) && !there.has(record.value));
    t.deepEqual(lost, []);
  }
}
