import test from 'ava';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';
import { boom, copying, notingStore } from './_helpers/fakes/line-jobs.ts';

// The order of the straight line.

test('the line is straight: process, flush of the sender, flush of stores, commit, callbacks', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const store = notingStore(() => {
    kafka.note('store flush');
  });
  const unflushed = notingStore(() => {
    t.fail('a store that is not to be flushed is left alone');
  });
  const callbacks = (_m: unknown, _s: unknown, context: { onCommitted(callback: () => void): void }) => {
    context.onCommitted(() => {
      kafka.note('onCommitted');
    });
  };
  await make(
    copying((name) => {
      kafka.note(name);
    }, callbacks),
    {
      commit: 'each',
      stores: { store: { store, flush: true }, unflushed },
    },
  ).runToEnd();
  const once = ['process 0', 'produce', 'produced', 'store flush', 'commit', 'committed', 'onCommitted'];
  t.deepEqual(kafka.order(...once).slice(2), [...once, ...once], 'after the start position was committed');
});

test('a batch that sends nothing produces nothing', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  await make(noting([])).runToEnd();
  t.deepEqual(kafka.order('produce', 'loadTopic'), []);
});

test('nothing is committed before every record is acked', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out', 2).fill('in', 0, 10);
  const gate = kafka.hold('produce', ({ partition }) => partition === 1);
  const run = make({
    process(_messages, sender) {
      sender.send({ topic: 'out', value: 'a', partition: 0 });
      sender.send({ topic: 'out', value: 'b', partition: 1 });
    },
  }).runToEnd();
  await kafka.quiet();
  t.deepEqual(kafka.values('out'), ['a']);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  gate.open();
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 10);
});

test("pipelined: a partition's next batch runs while its commit is under way; the next commit takes the newest offset", async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 40);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const batches: SeenBatch[] = [];
  const run = make(noting(batches)).runToEnd();
  await kafka.quiet();
  t.is(batches.length, 4);
  gate.open();
  await run;
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 10, 40],
  );
});

test("commit 'each': the next batch waits for the ack", async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const batches: SeenBatch[] = [];
  const run = make(noting(batches), { commit: 'each' }).runToEnd();
  await kafka.quiet();
  t.is(batches.length, 1);
  gate.open();
  await run;
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 10, 20, 30],
  );
});

test('maxUncommittedRecords bounds what is processed and not committed, per partition', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 60).fill('in', 1, 60);
  const gate = kafka.hold('commit', () => kafka.callsOf('startSource').length > 0);
  const batches: SeenBatch[] = [];
  const run = make(noting(batches), { inputPartitions: [0, 1], maxUncommittedRecords: 25 }).runToEnd();
  await kafka.quiet();
  const of = (partition: number) => batches.filter((batch) => batch.partition === partition).length;
  t.deepEqual([of(0), of(1)], [2, 2]);
  gate.open();
  t.is((await run).records, 120);
});

test('a batch that grew while it waited for its turn still keeps maxUncommittedRecords', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 1);
  const commits = kafka.hold('commit', () => kafka.callsOf('startSource').length > 0);
  const batches: SeenBatch[] = [];
  let letGo: (() => void) | undefined;
  const processor = make(
    noting(batches, (_m, _s, { partition }) =>
      partition === 1 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined,
    ),
    { inputPartitions: [0, 1], maxUncommittedRecords: 15 },
  );
  const run = processor.runLoop();
  await kafka.quiet();
  // Ten are open in partition 0. Three more become due while partition 1 is in process, and grow to ten before the slot is free.
  await clock.advance(1000);
  kafka.fill('in', 0, 3);
  await clock.advance(1000);
  kafka.fill('in', 0, 7);
  await kafka.quiet();
  letGo?.();
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ partition, values }) => [partition, values.length]),
    [
      [0, 10],
      [1, 1],
    ],
  );
  commits.open();
  await kafka.quiet();
  t.deepEqual(batches.at(-1)?.values.length, 10);
  await processor.close();
  await run;
});

test('a single batch larger than maxUncommittedRecords is always allowed', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches), { maxUncommittedRecords: 1 }).runToEnd();
  t.is(summary.records, 30);
  t.is(batches.length, 3);
});

// Overlap.

test('produce, store flush and commit of one partition are under way while another is in process', async (t) => {
  for (const step of ['produce', 'store', 'commit'] as const) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in', 2).createTopic('out', 2).fill('in', 0, 10).fill('in', 1, 10);
    let letStore: (() => void) | undefined;
    let flushes = 0;
    const store = notingStore(() =>
      step === 'store' && flushes++ === 0 ? new Promise<void>((resolve) => (letStore = resolve)) : undefined,
    );
    const gate =
      step === 'produce'
        ? kafka.hold('produce', ({ partition }) => partition === 0)
        : kafka.hold(
            'commit',
            ({ offsets }) => step === 'commit' && offsets?.some(({ offset }) => offset === 10) === true,
          );
    const run = make(
      copying((name) => {
        kafka.note(name);
      }),
      {
        inputPartitions: [0, 1],
        commit: 'each',
        stores: { store: { store, flush: true } },
      },
    ).runToEnd();
    await kafka.quiet();
    t.is(kafka.order('process 0', 'process 1').length, 2, step);
    t.is(await stateOf(run), 'pending', step);
    gate.open();
    letStore?.();
    await run;
  }
});

for (const concurrency of [1, 2, 3]) {
  test(`with concurrency ${concurrency} process is entered by so many partitions at once, and never twice by one`, async (t) => {
    const { kafka, make, clock } = fixture(t);
    kafka.createTopic('in', 4);
    for (let partition = 0; partition < 4; partition++) kafka.fill('in', partition, 30);
    const inside = new Set<number>();
    let most = 0;
    const run = make(
      {
        async process(_messages, _sender, { partition }) {
          t.false(inside.has(partition));
          inside.add(partition);
          most = Math.max(most, inside.size);
          await new Promise<void>((resolve) => clock.after(50, resolve));
          inside.delete(partition);
        },
      },
      { inputPartitions: [0, 1, 2, 3], concurrency },
    ).runToEnd();
    await clock.advance(5000);
    t.is((await run).records, 120);
    t.is(most, concurrency);
  });
}

test('batches of one partition that are not overlapped are strictly one after another, in offset order, with their flushes between', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 4 });
  kafka.createTopic('in').createTopic('out').fill('in', 0, 45);
  const seen: number[] = [];
  const copy = copying(
    (name) => {
      kafka.note(name);
    },
    (messages) => void seen.push(...messages.map(({ offset }) => offset)),
  );
  await make({ ...copy, overlapsFlush: false }).runToEnd();
  t.deepEqual(
    seen,
    Array.from({ length: 45 }, (_none, at) => at),
  );
  t.deepEqual(
    kafka.order('process 0', 'produced'),
    Array.from({ length: 10 }, (_none, at) => (at % 2 === 0 ? 'process 0' : 'produced')),
  );
  t.deepEqual(
    kafka.values('out'),
    Array.from({ length: 45 }, (_none, at) => `in${at}`),
  );
});

test('the messages of a batch are never used for another', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const kept: (readonly unknown[])[] = [];
  const copies: unknown[][] = [];
  await make({
    process: (messages) => {
      kept.push(messages);
      copies.push([...messages]);
    },
  }).runToEnd();
  t.deepEqual(kept, copies);
  t.is(new Set(kept).size, 3);
});

test('owned positions are committed again each offsetRefreshMs while it runs', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).setCommitted(GROUP, 'in', 0, 0).setCommitted(GROUP, 'in', 1, 0);
  const processor = make(noting([]), { inputPartitions: [0, 1], offsetRefreshMs: 5000 });
  const run = processor.runLoop();
  await clock.advance(15_000);
  t.is(kafka.callsOf('commit').length, 3);
  t.deepEqual(
    kafka.callsOf('commit')[2]?.offsets?.map(({ partition, offset }) => [partition, offset]),
    [
      [0, 0],
      [1, 0],
    ],
  );
  await processor.close();
  await run;
});

/** A callback that is asynchronous though nobody waits for it, as users write them. */
const rejecting: () => unknown = () => Promise.reject(boom);

test('onCommitted calls back after the ack; what it throws or rejects with is logged', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const called: string[] = [];
  const run = make({
    process(_messages, _sender, context) {
      context.onCommitted(() => {
        throw boom;
      });
      context.onCommitted(rejecting);
      context.onCommitted(() => called.push('third'));
    },
  }).runToEnd();
  await kafka.quiet();
  t.deepEqual(called, []);
  gate.open();
  await run;
  t.deepEqual(called, ['third']);
  t.deepEqual(log.messages('error'), Array(2).fill('A callback of context.onCommitted failed'));
});
