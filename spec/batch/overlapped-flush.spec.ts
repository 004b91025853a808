import test from 'ava';
import { KasperError } from '../../source/kernel/errors.ts';
import { prefetch, string, withCodec, type MessageProcessor } from '../../source/index.ts';
import { MapStore } from '../../stores/map-store.ts';
import {
  fixture,
  GROUP,
  noting,
  stateOf,
  valuesOf,
  type SeenBatch,
} from '../_helpers/fakes/processor-run.ts';
import { deferred } from '../_helpers/deferred.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';

// A batch is in process while the one before waits for its acks.

const copy: MessageProcessor['process'] = (messages, sender) => {
  for (const { value } of messages) sender.send({ topic: 'out', value });
};

/** Why the fake Kafka refused the records of a batch. */
const refusal = (error: unknown) => ((error as KasperError).cause as KasperError).cause;

test('while a batch waits for its acks the next one is in process, and no third one', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 30);
  const gate = kafka.hold('produce');
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches, copy));
  const run = processor.runToEnd();
  await kafka.quiet();
  t.is(batches.length, 2);
  t.is(kafka.callsOf('produce').length, 1, 'the second is not flushed yet');
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.is(processor.stats().inHand, 20);
  gate.open();
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 30);
  t.deepEqual(kafka.values('out'), valuesOf(batches), 'in order');
});

test('when a batch gets no acks, the next one is told, and nothing of it is sent or committed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 30);
  const gate = kafka.hold('produce');
  kafka.fail('produce', boom);
  const signals: AbortSignal[] = [];
  const sendErrors: unknown[] = [];
  const batches: SeenBatch[] = [];
  const run = outcome(
    make(
      noting(batches, async (messages, sender, context) => {
        await copy(messages, sender, context);
        signals.push(context.signal);
        if (signals.length < 2) return;
        await new Promise((resolve) => {
          context.signal.addEventListener('abort', resolve);
        });
        try {
          sender.send({ topic: 'out', value: 'late' });
        } catch (error) {
          sendErrors.push(error);
        }
      }),
    ).runToEnd(),
  );
  await kafka.quiet();
  t.is(await stateOf(run), 'pending');
  gate.open();
  const { error } = await run;
  t.true(KasperError.is(error));
  t.regex(String(error), /The flush of the sender failed for in\/0 offsets 0 to 9/);
  t.is(refusal(error), boom);
  t.deepEqual((error as KasperError).suppressed, [], 'the second has not failed by itself');
  t.is(batches.length, 2);
  t.true(signals[1]?.aborted);
  t.regex(String(signals[1]?.reason), /The batch before has failed/);
  t.regex(String(sendErrors), /after the batch before it had failed/);
  t.deepEqual(kafka.values('out'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('nothing of the next batch is sent or committed, whichever of the two ends first', async (t) => {
  for (let turns = 0; turns < 30; turns++) {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
    const failing = deferred();
    kafka.intercept('produce', () => {
      failing.resolve();
      throw boom;
    });
    let calls = 0;
    const run = outcome(
      make({
        async process(messages, sender, context) {
          await copy(messages, sender, context);
          if (++calls < 2) return;
          await failing.promise;
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        },
      }).runToEnd(),
    );
    t.is(refusal((await run).error), boom);
    t.is(calls, 2);
    t.is(kafka.callsOf('produce').length, 1, `after ${turns} turns`);
    t.is(kafka.committed(GROUP, 'in', 0), 0, `after ${turns} turns`);
  }
});

test('what the next batch throws after that is told beside it', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const gate = kafka.hold('produce');
  const refused = new Error('refused');
  kafka.fail('produce', refused);
  let calls = 0;
  const run = outcome(
    make({
      async process(messages, sender, context) {
        await copy(messages, sender, context);
        if (++calls < 2) return;
        await new Promise((resolve) => {
          context.signal.addEventListener('abort', resolve);
        });
        throw boom;
      },
    }).runToEnd(),
  );
  await kafka.quiet();
  gate.open();
  const { error } = await run;
  t.is(refusal(error), refused);
  t.deepEqual((error as KasperError).suppressed, [boom]);
});

test('when a batch fails in process, the one before is still flushed and committed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 30);
  const gate = kafka.hold('produce');
  const batches: SeenBatch[] = [];
  const run = outcome(
    make(
      noting(batches, (messages, sender, context) => {
        if (batches.length === 2) throw boom;
        return copy(messages, sender, context);
      }),
    ).runToEnd(),
  );
  await kafka.quiet();
  t.is(await stateOf(run), 'pending', 'it waits for the batch before');
  gate.open();
  const { error } = await run;
  t.is((error as KasperError).cause, boom);
  t.is(batches.length, 2);
  t.deepEqual(kafka.values('out'), valuesOf(batches.slice(0, 1)));
  t.is(kafka.committed(GROUP, 'in', 0), 10);
});

test('a flush within process waits for that of the batch before', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const gate = kafka.hold('produce');
  let calls = 0;
  const run = make({
    async process(messages, sender, context) {
      await copy(messages, sender, context);
      if (++calls < 2) return;
      await sender.flush();
      kafka.note('flushed');
    },
  }).runToEnd();
  await kafka.quiet();
  t.is(calls, 2);
  t.deepEqual(kafka.order('produce', 'produced', 'flushed'), ['produce']);
  gate.open();
  await run;
  t.deepEqual(kafka.order('produce', 'produced', 'flushed'), [
    'produce',
    'produced',
    'produce',
    'produced',
    'flushed',
  ]);
});

test('a flush within process rejects when that of the batch before fails', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const gate = kafka.hold('produce');
  kafka.fail('produce', boom);
  const thrown: unknown[] = [];
  let calls = 0;
  const run = outcome(
    make({
      async process(messages, sender, context) {
        await copy(messages, sender, context);
        if (++calls < 2) return;
        await sender.flush().catch((error: unknown) => thrown.push(error));
      },
    }).runToEnd(),
  );
  await kafka.quiet();
  gate.open();
  const { error } = await run;
  t.is(refusal(error), boom);
  t.regex(String(thrown), /The batch before has failed/);
  t.is(kafka.callsOf('produce').length, 1);
});

test('close waits for both, and commits both', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 30);
  const gate = kafka.hold('produce');
  const processor = make({ process: copy });
  const run = processor.runLoop();
  await kafka.quiet();
  const closed = processor.close();
  await kafka.quiet();
  t.is(await stateOf(closed), 'pending');
  gate.open();
  await closed;
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 20);
  t.is(kafka.values('out').length, 20);
});

test('a seek waits for both', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 30);
  const gate = kafka.hold('produce');
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches, copy));
  const run = processor.runLoop();
  await kafka.quiet();
  const sought = processor.seek('in', 0, 25);
  await kafka.quiet();
  t.is(await stateOf(sought), 'pending');
  gate.open();
  t.is(await sought, 25);
  t.deepEqual(
    kafka.callsOf('committed').map(({ offsets }) => offsets?.[0]?.offset),
    [0, 10, 20, 25],
  );
  await kafka.quiet();
  await processor.close();
  await run;
  t.is(batches.length, 2, 'the third was dropped');
});

test('records of both count for maxUncommittedRecords', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const gate = kafka.hold('produce');
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches, copy), { maxUncommittedRecords: 19 });
  const run = processor.runToEnd();
  await kafka.quiet();
  t.is(batches.length, 1);
  t.is(processor.stats().partitionProcessors[0]?.step, 'commit', 'it waits for room');
  gate.open();
  await run;
  t.is(batches.length, 2);
});

/** How many batches begin before the first one is acked. */
const overlaps: readonly {
  readonly title: string;
  readonly begun: number;
  readonly processor?: Partial<MessageProcessor>;
  readonly options?: Parameters<ReturnType<typeof fixture>['make']>[1];
  readonly act?: MessageProcessor['process'];
}[] = [
  { title: 'by default', begun: 2 },
  { title: "with commit: 'each'", begun: 1, options: { commit: 'each' } },
  {
    title: 'with a store to flush',
    begun: 1,
    options: { stores: { a: { store: new MapStore(), flush: true } } },
    processor: { overlapsFlush: true },
  },
  {
    title: 'with stores, to which it may write',
    begun: 1,
    options: { stores: { a: new MapStore() } },
  },
  {
    title: 'with stores, where it says that it only reads them',
    begun: 2,
    options: { stores: { a: new MapStore() } },
    processor: { overlapsFlush: true },
  },
  { title: 'where it says that it writes to a store', begun: 1, processor: { overlapsFlush: false } },
  {
    title: 'where something is to be done before the commit',
    begun: 1,
    act: (_messages, _sender, context) => {
      context.beforeCommit(() => undefined);
    },
  },
  {
    title: 'where more than an eighth of maxSendBufferBytes was sent',
    begun: 1,
    options: { maxSendBufferBytes: 8000, maxRecordBytes: 1000 },
    act: (_messages, sender) => {
      sender.send({ topic: 'out', value: 'x'.repeat(900) });
    },
  },
];

for (const { title, begun, processor, options, act } of overlaps) {
  test(`${title}, ${begun === 2 ? 'the next batch begins' : 'no batch begins'} before the acks`, async (t) => {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
    const gate = kafka.hold('produce');
    const batches: SeenBatch[] = [];
    const noted = noting(batches, async (messages, sender, context) => {
      await act?.(messages, sender, context);
      await copy(messages, sender, context);
    });
    const run = make({ ...noted, ...processor }, options).runToEnd();
    await kafka.quiet();
    t.is(batches.length, begun);
    gate.open();
    await run;
    t.is(kafka.committed(GROUP, 'in', 0), 20);
  });
}

test('prefetch writes nothing before the outputs of the batch before are acked', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 20);
  const gate = kafka.hold('produce');
  const store = new MapStore();
  const last = withCodec(store, string);
  const run = make(
    prefetch(
      last,
      () => 'last',
      (messages, sender, view, context) => {
        view.set('last', String(messages.at(-1)?.offset));
        return copy(messages, sender, context);
      },
    ),
  ).runToEnd();
  await kafka.quiet();
  t.is(await last.get('last'), '9');
  gate.open();
  await run;
  t.is(await last.get('last'), '19');
});
