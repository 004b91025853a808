import test from 'ava';
import type { Chunk, PartitionReader } from '../source/kafka/source.ts';
import type { SeekTarget } from '../source/seek-target.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch, valuesOf } from './_helpers/fakes/processor-run.ts';

/** Keeps the batches of one partition in process until it is told to go on. */
function heldPartition(held: number) {
  let goOn: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return {
    waits: (_messages: unknown, _sender: unknown, { partition }: { partition: number }) =>
      partition === held ? gate : undefined,
    goOn: () => goOn?.(),
  };
}

test('seek goes back: the new position is committed first, and everything from it on is processed again', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 20);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 20);
  const before = kafka.calls.length;
  t.is(await processor.seek('in', 0, 5), 5);
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  await kafka.quiet();
  const names = kafka.calls.slice(before).map(({ name }) => name);
  t.true(names.indexOf('seek') < names.indexOf('committed'));
  t.true(names.indexOf('committed') < names.indexOf('fetch'));
  t.is(kafka.callsOf('fetch').at(-1)?.offset, 5);
  t.is(batches.length, 3);
  t.deepEqual(batches[2]?.values, kafka.values('in').slice(5, 15));
  await processor.close();
  t.is((await run).partitions[0]?.end, 15);
});

test('seek goes forwards over records that are then never processed', async (t) => {
  const { kafka, make, clock } = fixture(t, { chunkRecords: 5 });
  kafka.createTopic('in').fill('in', 0, 8);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(processor.stats().buffered, 8);
  t.is(await processor.seek('in', 0, 'latest'), 8);
  t.is(processor.stats().buffered, 0);
  t.is(processor.stats().bufferedBytes, 0);
  t.is(kafka.committed(GROUP, 'in', 0), 8);
  kafka.append('in', 0, 'after');
  await clock.advance(1000);
  t.deepEqual(valuesOf(batches), ['after']);
  await processor.close();
  await run;
});

test('seek waits for the batch in hand and its commit; what is buffered meanwhile is dropped', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  let goOn: (() => void) | undefined;
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, async () => {
      if (batches.length === 1)
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
    }),
    { maxUncommittedRecords: 10 },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const seek = processor.seek('in', 0, 3);
  await kafka.quiet();
  t.is(await stateOf(seek), 'pending');
  goOn?.();
  await kafka.quiet();
  t.is(gate.waiting.length, 1);
  t.is(await stateOf(seek), 'pending');
  t.deepEqual(kafka.callsOf('seek'), []);
  gate.open();
  t.is(await seek, 3);
  await kafka.quiet();
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 10, 3, 13, 23],
  );
  t.deepEqual(batches[1]?.values, kafka.values('in').slice(3, 13));
  await processor.close();
  await run;
});

test('what an older fetch still brings is dropped after a seek', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const gate = kafka.hold('fetch');
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(gate.waiting[0]?.offset, 0);
  const seek = processor.seek('in', 0, 'latest');
  await kafka.quiet();
  gate.open();
  t.is(await seek, 10);
  await kafka.quiet();
  t.deepEqual(batches, []);
  t.is(processor.stats().buffered, 0);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  await processor.close();
  t.is((await run).records, 0);
});

test('a chunk of before the seek that a source delivers all the same is dropped', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const batches: SeenBatch[] = [];
  const client = kafka.client();
  const chunks: Chunk[] = [];
  const readers: PartitionReader[] = [];
  const sourceOf = client.source.bind(client);
  client.source = (options) => {
    const source = sourceOf(options);
    const add = source.add.bind(source);
    source.add = (position, reader) => {
      readers.push(reader);
      add(position, {
        take: (chunk) => {
          chunks.push(chunk);
          reader.take(chunk);
        },
        outOfRange: (at) => reader.outOfRange(at),
        failed: (error) => {
          reader.failed(error);
        },
      });
    };
    return source;
  };
  const processor = make(noting(batches), { client });
  const run = processor.runLoop();
  await kafka.quiet();
  await processor.seek('in', 0, 'latest');
  readers[0]?.take(chunks[0] as Chunk);
  await clock.advance(1000);
  t.deepEqual(batches, []);
  t.is(kafka.committed(GROUP, 'in', 0), 3);
  await processor.close();
  await run;
});

test('seek of one topic leaves the others of its partition, and other partitions, as they are', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('a', 2).createTopic('b', 2);
  kafka.fill('a', 0, 4).fill('b', 0, 3).fill('a', 1, 2);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { inputTopics: ['a', 'b'], inputPartitions: [0, 1] });
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(processor.stats().buffered, 9);
  t.is(await processor.seek('a', 0, 3), 3);
  await clock.advance(1000);
  const sorted = (partition: number) =>
    valuesOf(batches.filter((batch) => batch.partition === partition)).toSorted();
  t.deepEqual(sorted(0), ['a3', 'b0', 'b1', 'b2']);
  t.deepEqual(sorted(1), ['a0', 'a1']);
  t.is(kafka.committed(GROUP, 'a', 0), 4);
  await processor.close();
  await run;
});

const targets: readonly (readonly [title: string, to: SeekTarget, offset: number])[] = [
  ['the first offset that is in the log', 2, 2],
  ['an offset', 7, 7],
  ['the end of the log, though a transaction is open', 12, 12],
  ["'earliest'", 'earliest', 2],
  ["'latest', as the isolation sees it", 'latest', 10],
  ['a timestamp', { timestamp: 5000 }, 5],
  ['a timestamp that is a Date', { timestamp: new Date(5000) }, 5],
  ['a Date', new Date(5001), 6],
  ['a timestamp past the end', { timestamp: 99_000 }, 10],
];

for (const [title, to, offset] of targets) {
  test(`seek to ${title}`, async (t) => {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in');
    for (let at = 0; at < 10; at++) kafka.append('in', 0, { timestamp: at * 1000 });
    kafka.deleteBefore('in', 0, 2).beginTransaction('in', 0).append('in', 0, 'open', 'open');
    const processor = make(noting([]));
    const run = processor.runLoop();
    await kafka.quiet();
    t.is(await processor.seek('in', 0, to), offset);
    t.is(kafka.committed(GROUP, 'in', 0), offset);
    await processor.close();
    await run;
  });
}

test('a partition of a bounded run that had ended is read again, up to its end', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 5).fill('in', 1, 10);
  const batches: SeenBatch[] = [];
  const { waits, goOn } = heldPartition(1);
  const processor = make(noting(batches, waits), { inputPartitions: [0, 1], concurrency: 2 });
  const run = processor.runToEnd();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  kafka.fill('in', 0, 5);
  t.is(await processor.seek('in', 0, 2), 2);
  await kafka.quiet();
  t.deepEqual(batches.at(-1), { partition: 0, trigger: 'end', values: ['in2', 'in3', 'in4'] });
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  goOn();
  const summary = await run;
  t.is(summary.records, 18);
  t.deepEqual(
    summary.partitions.map(({ end }) => end),
    [5, 10],
  );
});

test('a partial batch of a bounded run is not due early after a seek', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 4 });
  kafka.createTopic('in', 2).fill('in', 0, 12).fill('in', 1, 1);
  const batches: SeenBatch[] = [];
  const { waits, goOn } = heldPartition(1);
  const processor = make(noting(batches, waits), { inputPartitions: [0, 1], concurrency: 2 });
  const run = processor.runToEnd();
  await kafka.quiet();
  t.is(await processor.seek('in', 0, 0), 0);
  await kafka.quiet();
  goOn();
  await run;
  t.deepEqual(
    batches.filter(({ partition }) => partition === 0).map(({ trigger, values }) => [trigger, values.length]),
    [
      ['count', 10],
      ['end', 2],
      ['count', 10],
      ['end', 2],
    ],
  );
});

test('a bounded run does not end while a seek is under way, and a seek past its end ends the partition', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 5);
  const { waits, goOn } = heldPartition(0);
  const processor = make(noting([], waits));
  const run = processor.runToEnd();
  await kafka.quiet();
  kafka.fill('in', 0, 5);
  const seek = processor.seek('in', 0, 8);
  await kafka.quiet();
  const commits = kafka.hold('commit');
  goOn();
  await kafka.quiet();
  t.is(commits.waiting[0]?.offsets?.[0]?.offset, 5);
  t.is(await stateOf(run), 'pending');
  commits.open();
  t.is(await seek, 8);
  const summary = await run;
  t.is(summary.records, 5);
  t.is(kafka.committed(GROUP, 'in', 0), 8);
});

test('seeks of one partition are done one after another; the last one counts', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 20);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  t.deepEqual(
    await Promise.all([
      processor.seek('in', 0, 4),
      processor.seek('in', 0, 'earliest'),
      processor.seek('in', 0, 17),
    ]),
    [4, 0, 17],
  );
  await clock.advance(1000);
  t.deepEqual(batches.at(-1)?.values, ['in17', 'in18', 'in19']);
  t.is(batches.length, 3);
  t.is(kafka.committed(GROUP, 'in', 0), 20);
  await processor.close();
  await run;
});
