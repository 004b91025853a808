import test from 'ava';
import { ConnectionError, KasperError, LifecycleError, TimeoutError } from '../source/kernel/errors.ts';
import type { ProcessContext } from '../source/message-processor.ts';
import type { TopicProcessor } from '../source/topic-processor.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';
import { deferred } from './_helpers/deferred.ts';

test('closed before it runs, it can never run', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in');
  const processor = make(noting([]));
  await processor.close();
  t.is(processor.state, 'closed');
  await t.throwsAsync(processor.runLoop(), { instanceOf: LifecycleError, message: /that is 'closed'/ });
  t.deepEqual(kafka.order('connect', 'close'), ['close']);
});

test('all calls of close share one promise', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const processor = make(noting([]));
  const run = processor.runLoop();
  await kafka.quiet();
  const first = processor.close();
  t.is(processor.close(), first);
  t.is(processor[Symbol.asyncDispose](), first);
  await first;
  t.is(processor.close(), first);
  await run;
  t.is(kafka.order('close').length, 1);
});

for (const step of ['connect', 'describeTopics', 'fetchOffsets', 'listOffsets', 'commit', 'init'] as const) {
  test(`closed while it starts, at ${step}: the run ends without an error, and nothing was read`, async (t) => {
    const { kafka, make, clock } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 3);
    const gate = kafka.hold(step);
    const init = deferred();
    const seen: string[] = [];
    const processor = make({
      process: () => {
        t.fail('no batch');
      },
      init: () => (step === 'init' ? init.promise : undefined),
      onRevoked: () => void seen.push('revoked'),
      close: () => void seen.push('closed'),
    });
    const run = processor.runLoop();
    await kafka.quiet();
    t.is(processor.state, 'starting');
    const closed = processor.close();
    if (step === 'init') init.resolve();
    await closed;
    const summary = await run;
    t.like(summary, { records: 0, batches: 0 });
    t.is(processor.state, 'closed');
    t.deepEqual(kafka.order('startSource', 'fetch'), []);
    t.deepEqual(seen, step === 'init' ? ['revoked', 'closed'] : ['closed']);
    gate.open();
    await clock.advance(120_000);
    t.is(kafka.committed(GROUP, 'in', 0), step === 'init' ? 0 : undefined);
    t.is(clock.pending, 0);
  });
}

test('what init throws after close was called still fails the run', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  const init = deferred();
  const processor = make({ process: () => undefined, init: () => init.promise });
  const result = outcome(processor.runLoop());
  await kafka.quiet();
  const closed = processor.close();
  const cause = new Error('no table');
  init.reject(cause);
  await closed;
  const { error } = await result;
  t.true(error instanceof LifecycleError);
  t.is((error as LifecycleError).cause, cause);
});

test('init that fails ends the run; no other init is called, and what was assigned is revoked', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 3);
  const cause = new Error('no table');
  const seen: string[] = [];
  const of = (partition: number) => ({
    process: () => undefined,
    init: () => {
      seen.push(`init ${partition}`);
      if (partition === 1) throw cause;
    },
    onRevoked: () => void seen.push(`revoked ${partition}`),
    close: () => void seen.push(`close ${partition}`),
  });
  const error = await t.throwsAsync(make(of, { inputPartitions: [0, 1, 2] }).runLoop(), {
    instanceOf: LifecycleError,
    message: 'init or onAssigned of the MessageProcessor failed: Error: no table',
  });
  t.is(error.cause, cause);
  t.deepEqual(seen, ['init 0', 'init 1', 'revoked 0', 'close 0', 'close 1', 'close 2']);
});

test('close during a batch finishes and commits it, and drops what waits', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 25);
  const work = deferred();
  const batches: SeenBatch[] = [];
  const processor = make(
    noting(batches, async (messages, sender) => {
      await work.promise;
      for (const { value } of messages) sender.send({ topic: 'out', value });
    }),
  );
  const run = processor.runLoop();
  await kafka.quiet();
  const closed = processor.close();
  await kafka.quiet();
  t.is(await stateOf(closed), 'pending');
  t.is(processor.state, 'closing');
  work.resolve();
  await closed;
  t.is(batches.length, 1);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  t.is(kafka.values('out').length, 10);
  t.like(await run, { records: 10, batches: 1 });
  t.is(processor.stats().bufferedBytes, 0);
});

test('close does not wait for a fetch that is under way', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const poll = kafka.hold('fetch');
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches));
  const run = processor.runLoop();
  await kafka.quiet();
  await processor.close();
  await run;
  poll.open();
  await kafka.quiet();
  t.deepEqual(batches, []);
});

test('context.stop ends the run after this batch; so does an un-awaited close inside process', async (t) => {
  for (const stop of [
    (context: ProcessContext) => {
      context.stop();
    },
    (_context: ProcessContext, processor: TopicProcessor) => {
      void processor.close();
    },
  ]) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 35);
    const batches: SeenBatch[] = [];
    const processor: TopicProcessor = make(
      noting(batches, (_m, _s, context) => {
        if (batches.length === 2) stop(context, processor);
      }),
    );
    const summary = await processor.runLoop();
    t.is(batches.length, 2);
    t.is(summary.records, 20);
    t.is(kafka.committed(GROUP, 'in', 0), 20);
  }
});

test('a close that is awaited inside process ends after closeTimeoutMs, with the batch and the rule in the error', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 10);
  let seen: unknown;
  const processor: TopicProcessor = make(
    {
      async process(_messages, sender) {
        sender.send({ topic: 'out', value: 'x' });
        try {
          await processor.close();
        } catch (error) {
          seen = error;
        }
      },
    },
    { closeTimeoutMs: 5000 },
  );
  const result = outcome(processor.runLoop());
  await clock.advance(4999);
  t.is(seen, undefined);
  await clock.advance(1);
  const { error } = await result;
  t.true(error instanceof TimeoutError);
  t.regex(
    (error as TimeoutError).message,
    /^close\(\) did not end within closeTimeoutMs \(5000 ms\): the batch of 10 messages of partition 0 is still in process and was not committed\. Do not await close\(\) inside process \(call context\.stop\(\)\)/,
  );
  t.is(seen, error);
  t.is(processor.state, 'failed');
  await t.throwsAsync(processor.close(), { instanceOf: TimeoutError });
  await clock.advance(60_000);
  t.is(kafka.committed(GROUP, 'in', 0), 0, 'nothing more is committed, though process returned');
  t.deepEqual(kafka.values('out'), []);
});

test('at closeTimeoutMs the signal is aborted with the very error, senders are dead, nothing is waited for, and no timer is left', async (t) => {
  for (const heeds of [true, false]) {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 10);
    const work = deferred();
    let reason: unknown;
    let send: (() => void) | undefined;
    const processor = make({
      process(_messages, sender, { signal }) {
        send = () => {
          sender.send({ topic: 'out', value: 'x' });
        };
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          if (heeds) work.reject(new Error('aborted'));
        });
        return work.promise;
      },
    });
    const result = outcome(processor.runLoop());
    await kafka.quiet();
    const closed = t.throwsAsync(processor.close(), { instanceOf: TimeoutError });
    await clock.advance(30_000);
    await closed;
    const { error } = await result;
    t.true(error instanceof TimeoutError && error.message.startsWith('close() did not end'), String(error));
    t.is(reason, error);
    t.throws(() => send?.(), { instanceOf: LifecycleError, message: /after closeTimeoutMs was over/ });
    t.is(clock.pending, 0);
    work.resolve();
    await kafka.quiet();
    t.deepEqual(kafka.values('out'), []);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
  }
});

test('a commit that does not come is waited for until closeTimeoutMs', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  kafka.hold('commit', ({ offsets }) => offsets?.[0]?.offset === 10);
  const processor = make(noting([]));
  const result = outcome(processor.runLoop());
  await kafka.quiet();
  const closed = t.throwsAsync(processor.close(), {
    instanceOf: TimeoutError,
    message: /: the last commit is still in process/,
  });
  await clock.advance(30_000);
  await closed;
  t.true((await result).error instanceof TimeoutError);
  t.is(clock.pending, 0, 'no timer is left');
});

test('the signal closes the run, before it starts or while it goes', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 25);
  const early = make(noting([]));
  t.like(await early.runLoop({ signal: AbortSignal.abort() }), { records: 0 });
  t.deepEqual(kafka.order('connect', 'startSource'), [], 'it does not even connect');
  t.is(early.state, 'closed');
  const abort = new AbortController();
  const late = make(
    noting([], () => {
      abort.abort();
    }),
  );
  t.like(await late.runLoop({ signal: abort.signal }), { records: 10 });
});

test('await using closes it', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  let made: TopicProcessor | undefined;
  {
    await using processor = make(noting([]));
    made = processor;
    await processor.runToEnd();
  }
  t.is(made.state, 'closed');
  let run: Promise<unknown> | undefined;
  {
    await using processor = make(noting([]), { topicProcessorName: 'other' });
    made = processor;
    run = processor.runLoop();
    await kafka.quiet();
    t.is(processor.state, 'running');
  }
  t.is(made.state, 'closed');
  await run;
});

test('a listener may close it, at any state', async (t) => {
  for (const state of ['starting', 'running'] as const) {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const batches: SeenBatch[] = [];
    const processor = make(noting(batches));
    processor.on('state', ({ to }) => {
      if (to === state) void processor.close();
    });
    t.like(await processor.runLoop(), { records: 0 });
    t.deepEqual(batches, []);
    t.is(processor.state, 'closed');
  }
});

test('a listener that calls close() while it becomes closing gets the promise that all calls share', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]));
  const inListener: Promise<void>[] = [];
  processor.on('state', ({ to }) => {
    if (to === 'closing') inListener.push(processor.close());
  });
  const run = processor.runLoop();
  await kafka.quiet();
  const first = processor.close();
  t.is(inListener.length, 1);
  t.is(inListener[0], first);
  await t.notThrowsAsync(first);
  await run;
  t.is(processor.state, 'closed');
});

for (const step of ['closeSource', 'closeSink', 'close', 'onRevoked', 'close of the processor'] as const) {
  test(`when ${step} fails, close does all other steps, and both close and run tell it`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const cause = new TypeError('cannot');
    if (step.startsWith('closeS') || step === 'close') kafka.fail(step, cause, { times: 9 });
    const seen: string[] = [];
    const processor = make({
      process: () => undefined,
      onRevoked: () => {
        seen.push('revoked');
        if (step === 'onRevoked') throw cause;
      },
      close: () => {
        seen.push('closed');
        if (step === 'close of the processor') throw cause;
      },
    });
    const result = outcome(processor.runLoop());
    await kafka.quiet();
    const error = await t.throwsAsync(processor.close(), {
      instanceOf: LifecycleError,
      message: /: TypeError: cannot$/,
    });
    t.is(error.cause, cause);
    t.is((await result).error, error);
    t.deepEqual(seen, ['revoked', 'closed']);
    t.is(kafka.committed(GROUP, 'in', 0), 10);
    t.deepEqual(kafka.order('closeSource', 'closeSink', 'close'), ['closeSource', 'closeSink', 'close']);
    t.is(processor.state, 'failed');
  });
}

test('the processors are closed also after a commit has failed, and close itself does not reject for that', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  kafka.intercept('commitOffset', ({ offset }) => {
    if (offset === 10) throw new LifecycleError('refused');
  });
  const seen: string[] = [];
  const processor = make({
    process: () => undefined,
    onRevoked: () => void seen.push('revoked'),
    close: () => void seen.push('closed'),
  });
  const { error } = await outcome(processor.runLoop());
  t.true(KasperError.is(error) && error.code === 'COMMIT');
  await processor.close();
  t.deepEqual(seen, ['revoked', 'closed']);
  t.deepEqual(kafka.order('closeSink'), ['closeSink']);
});

test('a connection that is lost while it closes does not hide that it was closed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  kafka.fail('describeTopics', new ConnectionError('gone', { retriable: true }));
  const { error } = await outcome(make(noting([])).runLoop());
  t.true(error instanceof ConnectionError, 'an error that is not of closing is told');
});
