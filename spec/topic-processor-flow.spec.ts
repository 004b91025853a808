import test from 'ava';
import fc from 'fast-check';
import { MapStore } from '../stores/map-store.ts';
import { FakeClock } from '../source/testing/fake-clock.ts';
import { FakeKafka } from '../source/testing/fake-kafka/fake-kafka.ts';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/fakes/processor-run.ts';
import { TopicProcessor } from '../source/topic-processor.ts';

const MiB = 1024 * 1024;

test('each partition has an age of its own', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2);
  const batches: (SeenBatch & { at: number })[] = [];
  const seen: SeenBatch[] = [];
  const processor = make(
    noting(seen, () => {
      batches.push({ ...(seen.at(-1) as SeenBatch), at: clock.now() - began });
    }),
    { inputPartitions: [0, 1], batchWaitMs: 1000 },
  );
  const began = clock.now();
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.fill('in', 0, 1);
  await clock.advance(400);
  kafka.fill('in', 1, 1);
  await clock.advance(200);
  kafka.fill('in', 0, 1);
  await clock.advance(5000);
  t.deepEqual(
    batches.map(({ partition, trigger, values, at }) => [partition, trigger, values.length, at]),
    [
      [0, 'age', 2, 1000],
      [1, 'age', 1, 1400],
    ],
  );
  await processor.close();
  await run;
});

test('neither record timestamps nor jumps of the wall clock matter to the age of a batch', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in');
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.append('in', 0, { value: 'old', timestamp: 0 });
  await clock.advance(500);
  clock.jumpWall(86_400_000);
  await clock.advance(499);
  t.is(batches.length, 0);
  clock.jumpWall(-2 * 86_400_000);
  await clock.advance(1);
  t.is(batches.length, 1);
  await processor.close();
  await run;
});

test('a partition whose buffer is full is left out of fetches, and read again when there is room', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 100 });
  kafka.createTopic('in', 2).fill('in', 0, 10_000).fill('in', 1, 50);
  let letGo: (() => void) | undefined;
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, (_m, _s, { partition }) =>
      partition === 0 && batches.length === 1 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined,
    ),
    { inputPartitions: [0, 1], batchSize: 100, concurrency: 2 },
  );
  const run = processor.runToEnd();
  await kafka.quiet();
  const fetched = kafka.callsOf('fetch').filter(({ partition }) => partition === 0).length;
  t.true(
    fetched >= 11 && fetched <= 12,
    `${fetched} chunks of 100: a batch in hand and the read-ahead of 1000`,
  );
  t.true(processor.stats().partitions[0]?.paused);
  t.true(kafka.callsOf('pause').some(({ partition }) => partition === 0));
  letGo?.();
  t.is((await run).records, 10_050);
  t.true(kafka.callsOf('resume').some(({ partition }) => partition === 0));
});

test('records in memory are bounded by maxBufferBytes, and a batch is made early where nothing is due', async (t) => {
  const { kafka, make, clock } = fixture(t, { chunkRecords: 4, fetchBytes: 256 * 1024 });
  kafka.createTopic('in', 4);
  for (let partition = 0; partition < 4; partition++) kafka.fill('in', partition, 60, { bytes: 50 * 1024 });
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, () => {
      most = Math.max(most, processor.stats().bufferedBytes);
    }),
    {
      inputPartitions: [0, 1, 2, 3],
      batchSize: 1000,
      batchWaitMs: 3_600_000,
      maxBufferBytes: MiB,
      batchBytes: MiB,
    },
  );
  let most = 0;
  const run = processor.runToEnd();
  await kafka.quiet();
  const summary = await run;
  t.is(summary.records, 240);
  t.true(batches.some(({ trigger }) => trigger === 'memory'));
  t.true(most <= MiB + 256 * 1024, `${most} bytes`);
  t.is(clock.now(), 1000, 'no time was needed');
});

test('a fetch that was refused is helped by one batch after another, where each frees too little', async (t) => {
  const KiB = 1024;
  const { kafka, make, clock } = fixture(t, { chunkRecords: 1, fetchBytes: MiB });
  kafka.createTopic('in', 62);
  const work: (() => void)[] = [];
  const processor = make(
    noting([], (_m, _s, { partition }) =>
      partition === 0 ? new Promise<void>((resolve) => work.push(resolve)) : undefined,
    ),
    {
      inputPartitions: Array.from({ length: 62 }, (_none, at) => at),
      concurrency: 2,
      batchSize: 2,
      batchWaitMs: 3_600_000,
      maxBufferBytes: MiB,
    },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  // Partition 0 is at work, and will hold the largest part; sixty others hold a little each.
  kafka.fill('in', 0, 2, { bytes: 20 });
  await kafka.quiet();
  t.is(work.length, 1);
  for (let partition = 1; partition <= 60; partition++) kafka.fill('in', partition, 1, { bytes: 10 * KiB });
  await kafka.quiet();
  kafka.fill('in', 0, 1, { bytes: 250 * KiB });
  await kafka.quiet();
  t.is(processor.stats().records, 0);
  kafka.fill('in', 61, 1, { bytes: 20 });
  await kafka.quiet();
  t.is(processor.stats().partitions[61]?.position, 1, 'it was read');
  t.true(processor.stats().batchesByTrigger.memory > 1);
  t.is(clock.now(), 1000, 'and no time was needed');
  work[0]?.();
  await processor.close();
  await run;
});

test('messages that keep much more in memory than their own size do not stop the flow', async (t) => {
  const { kafka, make, clock } = fixture(t, { chunkRecords: 2, memoryFactor: 50 });
  kafka.createTopic('in').fill('in', 0, 200, { bytes: 10_000 });
  const batches: SeenBatch[] = [];
  const run = make(noting(batches), {
    batchSize: 1000,
    batchWaitMs: 3_600_000,
    maxBufferBytes: 2 * MiB,
  }).runToEnd();
  await kafka.quiet();
  t.is((await run).records, 200);
  t.is(clock.now(), 1000);
  t.true(batches.slice(0, -1).every(({ trigger }) => trigger === 'memory'));
});

test('a record larger than the whole buffer is processed, alone', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 1 });
  kafka
    .createTopic('in')
    .fill('in', 0, 1)
    .append('in', 0, { value: 'giant', bytes: 5 * MiB })
    .fill('in', 0, 2);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches), {
    maxBufferBytes: MiB,
    batchSize: 1000,
    batchWaitMs: 3_600_000,
  }).runToEnd();
  t.is(summary.records, 4);
  t.true(batches.some(({ values }) => values.length === 1 && values[0] === 'giant'));
});

test('all memory is given back at the end', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 7 });
  kafka.createTopic('in', 3);
  for (let partition = 0; partition < 3; partition++) kafka.fill('in', partition, 95);
  const processor = make(noting([]), { inputPartitions: [0, 1, 2] });
  const run = processor.runLoop();
  await kafka.quiet();
  await processor.close();
  await run;
  t.is(processor.stats().bufferedBytes, 0);
});

// All of it together: whatever fails and whenever it is closed, nothing is lost, and nothing is committed that is not done.

interface Weather {
  readonly chunk: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly commit: 'pipelined' | 'each';
  readonly failures: readonly (readonly [name: string, at: number])[];
  readonly closeAfter: number | undefined;
}

async function surviveWeather({
  chunk,
  batchSize,
  concurrency,
  commit,
  failures,
  closeAfter,
}: Weather): Promise<void> {
  const kafka = new FakeKafka({ chunkRecords: chunk });
  const clock = new FakeClock(() => kafka.quiet());
  kafka.createTopic('a', 2).createTopic('b', 2).createTopic('out', 2);
  for (const partition of [0, 1])
    kafka
      .fill('a', partition, 23)
      .appendGap('a', partition, 2)
      .fill('a', partition, 4)
      .fill('b', partition, 11)
      .appendGap('b', partition, 1);
  const calls = new Map<string, number>();
  for (const name of ['process', 'produce', 'commit', 'fetch', 'store']) {
    kafka.intercept(name, () => {
      const count = (calls.get(name) ?? 0) + 1;
      calls.set(name, count);
      if (failures.some(([failing, at]) => failing === name && at === count))
        throw new Error(`${name} ${count}`);
    });
  }
  const store = new MapStore();
  store.flush = () => kafka.answer({ name: 'store' });
  const inside = new Set<number>();
  const doneUpTo = new Map<string, number>();
  let batches = 0;
  // Committed offsets are never past what is out.
  kafka.intercept('commitOffset', ({ topic = '', partition = 0, offset = 0 }) => {
    const out = new Set(kafka.records('out').map(({ valueText }) => valueText));
    for (const record of kafka.records(topic)) {
      if (
        record.partition === partition &&
        record.offset < offset &&
        !out.has(`${topic}/${partition}/${record.offset}`)
      )
        throw new Error(`${topic}/${partition} ${offset} was committed before ${record.offset} was out`);
    }
  });
  for (let run = 0; run < 30; run++) {
    doneUpTo.clear();
    const processor: TopicProcessor = new TopicProcessor(
      {
        topicProcessorName: 'spec',
        client: kafka.client(),
        inputTopics: ['a', 'b'],
        inputPartitions: [0, 1],
        batchSize,
        concurrency,
        commit,
        clock,
        claims: false,
        stores: { store: { store, flush: true } },
      },
      {
        async process(messages, sender, { partition }) {
          if (inside.has(partition) || inside.size >= concurrency) throw new Error('entered twice');
          inside.add(partition);
          try {
            await kafka.answer({ name: 'process' });
            for (const { topic, offset } of messages) {
              const key = `${topic}/${partition}`;
              if (offset <= (doneUpTo.get(key) ?? -1))
                throw new Error(`${key} ${offset} came again within a run`);
              doneUpTo.set(key, offset);
              sender.send({ topic: 'out', value: `${key}/${offset}`, partition });
            }
            if (++batches === closeAfter) void processor.close();
          } finally {
            inside.delete(partition);
          }
        },
      },
    );
    const ended = processor.runToEnd().then(
      () => 'ended',
      (error: unknown) => String(error),
    );
    await clock.advance(200_000);
    const end = await ended;
    if (/entered twice|came again within|was committed before/.test(end)) throw new Error(end);
    if (end === 'ended' && (await consumed(kafka))) break;
  }
  const out = new Set(kafka.records('out').map(({ valueText }) => valueText));
  if (out.size !== 76) throw new Error(`${out.size} of 76 are out`);
  for (const [topic, end] of [
    ['a', 29],
    ['b', 12],
  ] as const)
    for (const partition of [0, 1])
      if (kafka.committed(GROUP, topic, partition) !== end)
        throw new Error(`${topic}/${partition} is not at its end`);
  // Order per input partition holds among first occurrences.
  for (const topic of ['a', 'b']) {
    for (const partition of [0, 1]) {
      const first = [...out]
        .filter((value) => value?.startsWith(`${topic}/${partition}/`))
        .map((value) => Number(value?.split('/')[2]));
      if (first.some((offset, at) => at > 0 && offset < (first[at - 1] ?? 0))) throw new Error('order');
    }
  }
}

async function consumed(kafka: FakeKafka): Promise<boolean> {
  const processor = new TopicProcessor(
    { topicProcessorName: 'spec', client: kafka.client(), inputTopics: ['a', 'b'], inputPartitions: [0, 1] },
    { process: () => undefined },
  );
  const all = await processor.hasConsumedAllMessages();
  await processor.close();
  return all;
}

test('whatever fails, and whenever it is closed: nothing is lost, and nothing is committed before its output is out', async (t) => {
  const weather = fc.record({
    chunk: fc.integer({ min: 1, max: 12 }),
    batchSize: fc.integer({ min: 1, max: 15 }),
    concurrency: fc.integer({ min: 1, max: 2 }),
    commit: fc.constantFrom('pipelined' as const, 'each' as const),
    failures: fc.array(
      fc.tuple(
        fc.constantFrom('process', 'produce', 'commit', 'fetch', 'store'),
        fc.integer({ min: 1, max: 25 }),
      ),
      { maxLength: 6 },
    ),
    closeAfter: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  });
  await t.notThrowsAsync(async () => {
    await fc.assert(fc.asyncProperty(weather, surviveWeather), { numRuns: 60 });
  });
});
