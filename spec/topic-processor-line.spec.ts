import test from 'ava';
import { BatchError } from '../source/batch-error.ts';
import {
  BrokerError,
  CommitError,
  ConnectionError,
  KasperError,
  LifecycleError,
  ProcessError,
  ProduceError,
  StoreError,
} from '../source/kernel/errors.ts';
import type { MessageProcessor } from '../source/message-processor.ts';
import { MapStore } from '../stores/map-store.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

/** A MapStore whose flush is noted. */
function notingStore(note: () => void | Promise<void>): MapStore {
  const store = new MapStore();
  store.flush = async () => {
    await note();
  };
  return store;
}

/** Sends each message on, and notes that it does. */
function copying(
  note: (name: string) => void,
  act: MessageProcessor['process'] = () => undefined,
): MessageProcessor {
  return {
    async process(messages, sender, context) {
      note(`process ${context.partition}`);
      for (const { value, partition } of messages) sender.send({ topic: 'out', value, partition });
      await act(messages, sender, context);
    },
  };
}

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

test('batches of one partition are strictly one after another, in offset order, with their flushes between', async (t) => {
  const { kafka, make } = fixture(t, { chunkRecords: 4 });
  kafka.createTopic('in').createTopic('out').fill('in', 0, 45);
  const seen: number[] = [];
  await make(
    copying(
      (name) => {
        kafka.note(name);
      },
      (messages) => void seen.push(...messages.map(({ offset }) => offset)),
    ),
  ).runToEnd();
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

// Failures. Partition 0 does ten records, then fails with the next ten; partition 1 has ten in hand at that time.

const boom = new Error('boom');
const failingSteps: Readonly<
  Record<
    string,
    {
      readonly cause: (error: KasperError) => unknown;
      readonly type: new (...args: never[]) => Error;
      readonly text: RegExp;
    }
  >
> = {
  process: {
    type: ProcessError,
    cause: () => boom,
    text: /^The process failed for in\/0 offsets 10 to 19; nothing of this batch was committed, so it is reprocessed at the next start\. Error: boom$/,
  },
  flush: {
    type: ProcessError,
    cause: ({ cause }) => (isOf(cause, ProduceError) ? cause : boom),
    text: /^The flush of the sender failed for in\/0 offsets 10 to 19; .* ProduceError: Records could not be sent: out\/0$/,
  },
  store: {
    type: ProcessError,
    cause: () => boom,
    text: /^The flush of store 'store' failed for in\/0 offsets 10 to 19; /,
  },
  commit: {
    type: CommitError,
    cause: ({ cause }) => (isOf(cause, BrokerError) ? cause : boom),
    text: /^Offsets could not be committed for in\/0 at 20: refused\. /,
  },
  fetch: { type: ConnectionError, cause: () => undefined, text: /^no broker$/ },
};
function isOf(value: unknown, type: new (...args: never[]) => Error): boolean {
  return value instanceof type;
}

for (const [step, { type, cause, text }] of Object.entries(failingSteps)) {
  test(`a failure of ${step} stops its partition before the commit; all finished work is committed, all is closed`, async (t) => {
    const { kafka, make, outcome } = fixture(t, { chunkRecords: 10 });
    kafka.createTopic('in', 2).createTopic('out', 2).fill('in', 0, 40).fill('in', 1, 10);
    let seconds = 0;
    let hasThrown = false;
    let letGo: (() => void) | undefined;
    const other = new Promise<void>((resolve) => (letGo = resolve));
    if (step === 'flush')
      kafka.fail('produce', boom, { where: ({ partition }) => partition === 0 && seconds === 2 });
    if (step === 'commit') {
      const refused = new BrokerError('refused', { brokerCode: 30, brokerError: 'X', retriable: false });
      kafka.intercept('commitOffset', ({ partition, offset }) => {
        if (partition === 0 && (offset ?? 0) > 10) throw refused;
      });
    }
    if (step === 'fetch')
      kafka.fail('fetch', new ConnectionError('no broker', { retriable: true }), {
        where: ({ partition, offset }) => partition === 0 && offset === 20,
      });
    const store = notingStore(() => {
      if (step === 'store' && seconds === 2 && !hasThrown) {
        hasThrown = true;
        throw boom;
      }
    });
    const closed: string[] = [];
    const processor = make(
      {
        async process(messages, sender, { partition }) {
          for (const { value } of messages) sender.send({ topic: 'out', value, partition });
          if (partition === 1) {
            await other;
            return;
          }
          seconds++;
          if (step === 'process' && seconds === 2) throw boom;
        },
        onRevoked: () => void closed.push('revoked'),
        close: () => void closed.push('closed'),
      },
      { inputPartitions: [0, 1], concurrency: 2, commit: 'each', stores: { store: { store, flush: true } } },
    );
    const result = outcome(processor.runLoop());
    await kafka.quiet();
    t.is(processor.state, 'closing');
    letGo?.();
    const { error } = await result;
    t.true(error instanceof type, String(error));
    t.regex((error as KasperError).message, text);
    const found = (error as KasperError).cause;
    t.is(found, cause(error as KasperError), 'the cause is the very value');
    if (error instanceof ProcessError) {
      t.is(error.partition, 0);
      t.deepEqual(error.ranges, [{ topic: 'in', partition: 0, first: 10, last: 19, records: 10 }]);
    }
    t.is(kafka.committed(GROUP, 'in', 0), 10);
    t.is(kafka.committed(GROUP, 'in', 1), 10, 'the batch in hand of the other partition');
    t.deepEqual(closed, ['revoked', 'closed']);
    t.deepEqual(kafka.order('closeSource', 'closeSink', 'close'), ['closeSource', 'closeSink', 'close']);
    t.is(processor.state, 'failed');
    await t.notThrowsAsync(processor.close(), "what the run failed with is runLoop's to tell");
  });
}

test('a value that is no Error can be thrown, and is the cause', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  for (const thrown of [undefined, 'text', 5]) {
    const { error } = await outcome(
      make({
        process: () => {
          throw thrown as unknown as Error;
        },
      }).runToEnd(),
    );
    t.true(error instanceof ProcessError);
    t.is((error as ProcessError).cause, thrown);
    t.true('cause' in (error as ProcessError));
  }
});

test('a ProcessError is not wrapped again; any other KasperError is the cause of one', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const own = new ProcessError('mine', { cause: boom, partition: 0, ranges: [] });
  const first = await outcome(make({ process: () => Promise.reject(own) }).runToEnd());
  t.is(first.error, own);
  const store = new StoreError('down', { store: 'RedisStore', operation: 'putAll' });
  const second = await outcome(make({ process: () => Promise.reject(store) }).runToEnd());
  t.is((second.error as ProcessError).cause, store);
});

test('without middleware a BatchError fails the batch as any error does', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const { error } = await outcome(
    make({
      process(messages, sender) {
        sender.send({ topic: 'out', value: 'x' });
        throw new BatchError([{ message: messages[0] as never, error: boom }]);
      },
    }).runToEnd(),
  );
  t.true((error as ProcessError).cause instanceof BatchError);
  t.deepEqual(kafka.values('out'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('what process flushed itself before it failed is out, the rest is not', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
  await outcome(
    make({
      async process(_messages, sender) {
        sender.send({ topic: 'out', value: 'flushed' });
        await sender.flush();
        sender.send({ topic: 'out', value: 'not flushed' });
        throw boom;
      },
    }).runToEnd(),
  );
  t.deepEqual(kafka.values('out'), ['flushed']);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test("a failure keeps the partition's own earlier batches, whose commit was under way", async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  let batches = 0;
  const result = outcome(
    make({
      process: () => {
        if (++batches === 3) throw boom;
      },
    }).runLoop(),
  );
  await kafka.quiet();
  gate.open();
  t.is(((await result).error as ProcessError).cause, boom);
  t.is(kafka.committed(GROUP, 'in', 0), 20);
});

test('after a failure no batch begins, not even one that waits for its turn', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in', 3);
  for (let partition = 0; partition < 3; partition++) kafka.fill('in', partition, 10);
  const batches: SeenBatch[] = [];
  let fail: ((error: Error) => void) | undefined;
  const result = outcome(
    make(
      noting(batches, () => new Promise<void>((_resolve, reject) => (fail = reject))),
      { inputPartitions: [0, 1, 2] },
    ).runLoop(),
  );
  await kafka.quiet();
  t.is(batches.length, 1);
  fail?.(boom);
  await result;
  t.is(batches.length, 1);
});

test('later failures stand in suppressed: of other partitions, and of closing', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const rejects: ((error: Error) => void)[] = [];
  const [second, ofClose] = [new Error('second'), new Error('of close')];
  const result = outcome(
    make(
      {
        process: () => new Promise<void>((_resolve, reject) => rejects.push(reject)),
        close: () => Promise.reject(ofClose),
      },
      { inputPartitions: [0, 1], concurrency: 2 },
    ).runLoop(),
  );
  await kafka.quiet();
  rejects[0]?.(boom);
  await kafka.quiet();
  rejects[1]?.(second);
  const error = (await result).error as ProcessError;
  t.is(error.cause, boom);
  t.is(error.suppressed.length, 2);
  t.is((error.suppressed[0] as ProcessError).cause, second);
  t.true(error.suppressed[1] instanceof LifecycleError);
  t.is((error.suppressed[1] as LifecycleError).cause, ofClose);
});

test('a commit that is refused for one partition does not lose the finished work of another', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const refused = new BrokerError('refused', { brokerCode: 30, brokerError: 'X', retriable: false });
  kafka.intercept('commitOffset', ({ partition, offset }) => {
    if (partition === 0 && offset === 10) throw refused;
  });
  let letGo: (() => void) | undefined;
  const committed: number[] = [];
  const processor = make(
    {
      process: (_messages, _sender, context) => {
        const { partition } = context;
        context.onCommitted(() => committed.push(partition));
        return partition === 1 ? new Promise<void>((resolve) => (letGo = resolve)) : undefined;
      },
    },
    { inputPartitions: [0, 1], concurrency: 2 },
  );
  const result = outcome(processor.runLoop());
  await kafka.quiet();
  t.is(processor.state, 'closing');
  letGo?.();
  const { error } = await result;
  t.true(error instanceof CommitError);
  t.deepEqual((error as CommitError).failed, [{ topic: 'in', partition: 0, offset: 10 }]);
  t.is(kafka.committed(GROUP, 'in', 1), 10);
  t.deepEqual(committed, [1]);
});

test('retriable commit failures are ridden out for commitTimeoutMs', async (t) => {
  const { kafka, make, clock, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  kafka.fail('commit', new ConnectionError('coordinator is moving', { retriable: true }), { times: 8 });
  const run = make(noting([])).runToEnd();
  await clock.advance(20_000);
  t.is((await run).records, 10);
  const told = 'Offsets could not be committed yet; trying again';
  const [first, second, third, more, ...others] = log.messages('warn');
  t.deepEqual([first, second, third, others], [told, told, told, []]);
  t.true(more?.startsWith(`${told} … 5 more like this in the last `), more);
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

test('no failure leads to an unhandled rejection', async (t) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  for (const name of [
    'connect',
    'describeTopics',
    'listOffsets',
    'fetchOffsets',
    'commit',
    'fetch',
    'produce',
    'loadTopic',
    'closeSource',
    'closeSink',
    'close',
  ]) {
    for (const commit of ['pipelined', 'each'] as const) {
      const { kafka, make, outcome } = fixture(t);
      kafka.createTopic('in', 2).createTopic('out', 2).fill('in', 0, 30).fill('in', 1, 30);
      const failure = new LifecycleError(`${name} failed`);
      kafka.fail(name, failure, { times: 99 });
      const { ok, error } = await outcome(
        make(
          copying(() => undefined),
          { inputPartitions: [0, 1], commit },
        ).runToEnd(),
      );
      t.false(ok, name);
      t.true(KasperError.is(error), name);
      t.true(
        error === failure ||
          (error as KasperError).cause === failure ||
          ((error as KasperError).cause as Error).cause === failure,
        `${name}: ${String(error)}`,
      );
      await kafka.quiet();
    }
  }
  t.deepEqual(unhandled, []);
});
