import test from 'ava';
import { ConfigError, LifecycleError, OffsetOutOfRangeError } from '../source/kernel/errors.ts';
import { fromMap } from '../source/message-processors.ts';
import { MapStore } from '../stores/map-store.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

test('a bounded run processes all that is there, commits it, and tells what it did', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 25);
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, (messages, sender) => {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    }),
  );
  const summary = await processor.runToEnd();
  t.deepEqual(
    batches.map(({ trigger, values }) => [trigger, values.length]),
    [
      ['count', 10],
      ['count', 10],
      ['end', 5],
    ],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 25);
  t.is(kafka.values('out').length, 25);
  t.deepEqual(summary, {
    records: 25,
    batches: 3,
    sent: 25,
    tally: { retried: 0, dead_lettered: 0, skipped: 0 },
    durationMs: 0,
    partitions: [{ topic: 'in', partition: 0, start: 0, end: 25 }],
    openTransactions: [],
  });
  t.true(
    Object.isFrozen(summary) && Object.isFrozen(summary.partitions[0]) && Object.isFrozen(summary.tally),
  );
  t.is(processor.state, 'closed');
});

test('a run without end goes on with what is written, until it is closed', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  kafka.fill('in', 0, 12);
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ values }) => values.length),
    [10, 10],
  );
  await clock.advance(1000);
  t.deepEqual(batches.at(-1), { partition: 0, trigger: 'age', values: ['in20', 'in21'] });
  t.is(await stateOf(run), 'pending');
  await processor.close();
  t.is((await run).records, 22);
  t.is(kafka.committed(GROUP, 'in', 0), 22);
});

// Topics joined by partition.

test('all input topics of a partition reach the same processor, in order of arrival', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('a', 2).createTopic('b', 2);
  for (const partition of [0, 1]) kafka.fill('a', partition, 3).fill('b', partition, 2);
  const seen: Record<number, string[]> = { 0: [], 1: [] };
  const of = (own: number) => ({
    process: (
      messages: readonly { topic: string; partition: number; offset: number }[],
      _s: unknown,
      context: { partition: number },
    ) => {
      t.is(context.partition, own);
      for (const { topic, partition, offset } of messages) seen[own]?.push(`${topic}/${partition} ${offset}`);
    },
  });
  const summary = await make(fromMap({ 0: of(0), 1: of(1) }), {
    inputTopics: ['a', 'b'],
    inputPartitions: [0, 1],
  }).runToEnd();
  for (const partition of [0, 1]) {
    t.deepEqual(seen[partition]?.toSorted(), [
      ...[0, 1, 2].map((offset) => `a/${partition} ${offset}`),
      ...[0, 1].map((offset) => `b/${partition} ${offset}`),
    ]);
    t.is(kafka.committed(GROUP, 'a', partition), 3);
    t.is(kafka.committed(GROUP, 'b', partition), 2);
  }
  t.is(summary.partitions.length, 4);
});

const unfit: readonly (readonly [
  title: string,
  topics: Readonly<Record<string, number>>,
  inputTopics: string[],
  inputPartitions: number[],
  error: string,
])[] = [
  [
    'partition counts that differ',
    { a: 3, b: 4 },
    ['a', 'b'],
    [0],
    'inputTopics: topics that are joined by partition must have equal partition counts, but a has 3, b has 4; make the topic anew with the same count, or run a processor for each',
  ],
  [
    'a topic that does not exist',
    { a: 3 },
    ['a', 'b', 'c'],
    [0],
    "inputTopics: 'b', 'c' not found: create the topic, or check its name and the brokers' addresses",
  ],
  [
    'a partition that the topics do not have',
    { a: 3, b: 3 },
    ['a', 'b'],
    [2, 3, 7],
    'inputPartitions: partition 3, 7 does not exist: a has 3, b has 3 partitions, numbered from 0 to 2',
  ],
];

for (const [title, topics, inputTopics, inputPartitions, message] of unfit) {
  test(`${title}: the run fails before anything is read or committed, and the error shows the counts`, async (t) => {
    const { kafka, make } = fixture(t);
    for (const [topic, count] of Object.entries(topics)) kafka.createTopic(topic, count);
    const processor = make(noting([]), { inputTopics, inputPartitions });
    await t.throwsAsync(processor.runLoop(), { instanceOf: ConfigError, message });
    t.is(processor.state, 'failed');
    t.deepEqual(kafka.order('fetch', 'commit', 'close'), ['close']);
    await t.throwsAsync(processor.hasConsumedAllMessages(), { instanceOf: LifecycleError });
  });
}

// Where it starts.

test('without a committed offset it starts at the earliest one, commits that before the first fetch, and says so', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 5).fill('in', 1, 5).deleteBefore('in', 1, 3);
  const summary = await make(noting([]), { inputPartitions: [0, 1] }).runToEnd();
  t.deepEqual(
    summary.partitions.map(({ start, end }) => [start, end]),
    [
      [0, 5],
      [3, 5],
    ],
  );
  const [first] = kafka.order('commit', 'fetch');
  t.is(first, 'commit');
  const started = kafka.calls.findIndex(({ name }) => name === 'startSource');
  const stored = kafka.calls
    .slice(0, started)
    .filter(({ name }) => name === 'committed')
    .flatMap(({ offsets }) => offsets ?? []);
  t.deepEqual(stored, [
    { topic: 'in', partition: 0, offset: 0 },
    { topic: 'in', partition: 1, offset: 3 },
  ]);
  t.deepEqual(
    log.lines
      .filter(({ level, message }) => level === 'info' && !message.startsWith('Run '))
      .map(({ message, fields }) => [message, fields]),
    [["No committed offset; starting at 'earliest'", { partitions: ['in/0 at 0', 'in/1 at 3'] }]],
  );
});

test("with initialOffset 'latest' it starts at the end that the isolation sees", async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 5).beginTransaction('in', 0).fill('in', 0, 2);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), { initialOffset: 'latest' });
  const run = processor.runLoop();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 0), 5);
  kafka.endTransaction('in', 0);
  await clock.advance(1000);
  t.deepEqual(
    batches.map(({ values }) => values),
    [['in5', 'in6']],
  );
  await processor.close();
  await run;
});

test('it goes on from the committed offset, and commits nothing before it is done', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 15).setCommitted(GROUP, 'in', 0, 12);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches)).runToEnd();
  t.deepEqual(
    batches.map(({ values }) => values),
    [['in12', 'in13', 'in14']],
  );
  t.deepEqual(summary.partitions, [{ topic: 'in', partition: 0, start: 12, end: 15 }]);
  t.is(kafka.callsOf('commit').length, 1);
});

test('a committed offset that is not in the log fails the run with both ends, unless told otherwise', async (t) => {
  for (const [committed, text] of [
    [
      2,
      /Offset 2 of in\/0 is not in the log, which holds 5 to 9: 3 records before 5 were deleted before they were read/,
    ],
    [12, /Offset 12 of in\/0 is not in the log, which holds 5 to 9: the topic was truncated or recreated/],
  ] as const) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 9).deleteBefore('in', 0, 5).setCommitted(GROUP, 'in', 0, committed);
    const error = await t.throwsAsync(make(noting([])).runToEnd(), {
      instanceOf: OffsetOutOfRangeError,
      message: text,
    });
    t.like(error, { topic: 'in', partition: 0, offset: committed, earliest: 5, latest: 9 });
    t.is(kafka.committed(GROUP, 'in', 0), committed, 'and leaves it as it is');
  }
});

for (const [policy, start] of [
  ['earliest', 5],
  ['latest', 9],
] as const) {
  test(`onOffsetOutOfRange '${policy}' starts there, commits it first, and warns`, async (t) => {
    const { kafka, make, log } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 9).deleteBefore('in', 0, 5).setCommitted(GROUP, 'in', 0, 20);
    const batches: SeenBatch[] = [];
    const summary = await make(noting(batches), { onOffsetOutOfRange: policy }).runToEnd();
    t.is(summary.partitions[0]?.start, start);
    t.is(batches.flatMap(({ values }) => values).length, 9 - start);
    t.deepEqual(kafka.callsOf('committed')[0]?.offsets, [{ topic: 'in', partition: 0, offset: start }]);
    t.is(kafka.committed(GROUP, 'in', 0), 9);
    t.deepEqual(log.messages('warn'), [`Committed offset out of range; continuing at '${policy}'`]);
  });
}

// The end of a bounded run.

test('a bounded run of empty topics ends at once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2);
  const summary = await make(noting([]), { inputPartitions: [0, 1] }).runToEnd();
  t.like(summary, { records: 0, batches: 0 });
  t.is(kafka.committed(GROUP, 'in', 1), 0);
});

test('init and onAssigned come before the first fetch, onRevoked and close after the last commit, each once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 2).fill('in', 2, 1);
  const store = new MapStore();
  const of = (name: string) => ({
    init: ({ stores }: { stores: Record<string, unknown> }) => {
      t.is(stores['s'], store);
      kafka.note(`${name} init`);
    },
    onAssigned: (partitions: readonly { partition: number }[]) => {
      kafka.note(`${name} assigned ${partitions.map(({ partition }) => partition).join()}`);
    },
    onRevoked: (partitions: readonly { partition: number }[]) => {
      kafka.note(`${name} revoked ${partitions.map(({ partition }) => partition).join()}`);
    },
    close: () => {
      kafka.note(`${name} close`);
    },
    process: () => undefined,
  });
  const [a, b] = [of('a'), of('b')];
  await make((partition) => (partition === 1 ? b : a), {
    inputPartitions: [0, 1, 2],
    stores: { s: store },
  }).runToEnd();
  const names = kafka.calls
    .map(({ name }) => name)
    .filter((name) => /^[ab] |startSource|^committed|^close/.test(name));
  const from = names.indexOf('a init');
  t.deepEqual(names.slice(from, from + 5), [
    'a init',
    'a assigned 0,2',
    'b init',
    'b assigned 1',
    'startSource',
  ]);
  t.deepEqual(names.slice(names.lastIndexOf('committed') + 1), [
    'closeSink',
    'a revoked 0,2',
    'b revoked 1',
    'a close',
    'b close',
    'close',
  ]);
});

test('one TopicProcessor runs once', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const processor = make(noting([]));
  const run = processor.runToEnd();
  await t.throwsAsync(processor.runLoop(), {
    instanceOf: LifecycleError,
    message: /^runLoop\(\) was called on a TopicProcessor that is 'starting'/,
  });
  t.is((await run).records, 3, 'and the run goes on');
  await t.throwsAsync(processor.runToEnd(), {
    instanceOf: LifecycleError,
    message: /^runToEnd\(\) .* 'closed': one runs once/,
  });
});
