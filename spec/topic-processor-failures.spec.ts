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
import { deferred } from './_helpers/deferred.ts';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/fakes/processor-run.ts';
import { boom, copying, notingStore } from './_helpers/fakes/line-jobs.ts';

// Failures. Partition 0 does ten records, then fails with the next ten; partition 1 has ten in hand at that time.
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
    text: /^The process failed for in\/0 offsets 10 to 19; nothing of this batch was committed, so it is reprocessed at the next start \(to skip all up to in offset 19: kasper offsets reset spec --topics in --partitions 0 --to-offset 20\)\. Error: boom$/,
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
  // Waits are drawn at random: after seven it is not degraded yet, which takes 5 s.
  kafka.fail('commit', new ConnectionError('coordinator is moving', { retriable: true }), { times: 7 });
  const run = make(noting([])).runToEnd();
  await clock.advance(20_000);
  t.is((await run).records, 10);
  const told = 'Offsets could not be committed yet; trying again';
  const [first, second, third, more, ...others] = log.messages('warn');
  t.deepEqual([first, second, third, others], [told, told, told, []]);
  t.true(more?.startsWith(`${told} … 4 more like this in the last `), more);
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

test('a position that moved on without messages behind a batch that fails is not committed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const { promise, reject } = deferred();
  const processor = make(noting([], () => promise));
  const run = outcome(processor.runLoop());
  await kafka.quiet();
  kafka.appendGap('in', 0, 5);
  await kafka.quiet();
  t.is(processor.stats().partitions[0]?.position, 15);
  reject(boom);
  t.true((await run).error instanceof ProcessError);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});
