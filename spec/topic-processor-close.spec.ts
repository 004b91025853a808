import test from 'ava';
import {
  ConnectionError,
  KasperError,
  LifecycleError,
  type ProcessError,
  TimeoutError,
} from '../source/kernel/errors.ts';
import type { ProcessContext } from '../source/message-processor.ts';
import type { TopicProcessor } from '../source/topic-processor.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

/** A promise and what settles it. */
function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

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

// processTimeoutMs.

test('a processor that heeds the signal fails the run with TimeoutError, whether it throws or returns', async (t) => {
  for (const ending of ['throws', 'throws the reason', 'returns'] as const) {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 10);
    const own = new Error('aborted');
    const result = outcome(
      make(
        {
          process: (_messages, sender, { signal }) =>
            new Promise<void>((resolve, reject) => {
              sender.send({ topic: 'out', value: 'x' });
              signal.addEventListener('abort', () => {
                if (ending === 'returns') resolve();
                else reject(ending === 'throws' ? own : (signal.reason as Error));
              });
            }),
        },
        { processTimeoutMs: 2000 },
      ).runLoop(),
    );
    await clock.advance(1999);
    t.is(await stateOf(result), 'pending');
    await clock.advance(1);
    const { error } = await result;
    t.true(error instanceof TimeoutError, `${ending}: ${String(error)}`);
    t.regex(
      (error as TimeoutError).message,
      /^process did not end within processTimeoutMs \(2000 ms\): partition 0, 10 messages, from in offset 0\. JavaScript cannot stop it/,
    );
    t.deepEqual((error as TimeoutError).suppressed, ending === 'throws' ? [own] : []);
    t.deepEqual(kafka.values('out'), []);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
  }
});

test('a processor that ignores the signal is given up after closeTimeoutMs more; other partitions are committed and nobody enters beside it', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 10).fill('in', 1, 10).fill('in', 2, 10);
  const hang = deferred();
  const batches: SeenBatch[] = [];
  let sendLater: (() => void) | undefined;
  const processor = make(
    noting(batches, (_messages, sender, { partition }) => {
      if (partition !== 1) return;
      sendLater = () => {
        sender.send({ topic: 'out', value: 'x' });
      };
      return hang.promise;
    }),
    { inputPartitions: [0, 1, 2], processTimeoutMs: 2000, closeTimeoutMs: 3000 },
  );
  const result = outcome(processor.runLoop());
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ partition }) => partition),
    [0, 1],
    'partition 2 queues for the slot',
  );
  await clock.advance(2000);
  t.throws(() => sendLater?.(), { instanceOf: LifecycleError, message: /after processTimeoutMs was over/ });
  await clock.advance(2999);
  t.is(await stateOf(result), 'pending');
  await clock.advance(1);
  const { error } = await result;
  t.true(error instanceof TimeoutError && error.message.includes('processTimeoutMs'), String(error));
  t.deepEqual((error as TimeoutError).suppressed, [], 'close had nothing to wait for');
  t.is(batches.length, 2);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  t.is(kafka.committed(GROUP, 'in', 1), 0);
  hang.resolve();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 1), 0);
  t.is(clock.pending, 0);
});

test('after the limit no middleware can begin another attempt', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  let attempts = 0;
  const result = outcome(
    make(
      {
        process: (_messages, _sender, { signal }) => {
          attempts++;
          return new Promise<void>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          });
        },
      },
      {
        processTimeoutMs: 2000,
        middleware: [
          (next) =>
            async (...args) => {
              try {
                await next(...args);
              } catch {
                await next(...args);
              }
            },
        ],
      },
    ).runLoop(),
  );
  await clock.advance(2000);
  t.true((await result).error instanceof TimeoutError);
  t.is(attempts, 1);
});

// context.wait.

test('context.wait of one partition for 30 s lets 63 others go on at full rate, and process is still never entered twice', async (t) => {
  const { kafka, make, clock } = fixture(t);
  const others = Array.from({ length: 63 }, (_, at) => at + 1);
  kafka.createTopic('in', 64).fill('in', 0, 10);
  for (const partition of others) kafka.fill('in', partition, 20);
  let inside = 0;
  const seen: { partition: number; afterMs: number }[] = [];
  const began = clock.now();
  const run = make(
    {
      async process(_messages, _sender, context) {
        t.is(++inside, 1);
        await Promise.resolve();
        if (context.partition === 0) {
          inside--;
          await context.wait(30_000);
          t.is(++inside, 1);
        }
        seen.push({ partition: context.partition, afterMs: clock.now() - began });
        await new Promise<void>((resolve) => clock.after(100, resolve));
        inside--;
      },
    },
    { inputPartitions: [0, ...others] },
  ).runToEnd();
  await clock.advance(60_000);
  t.is((await run).records, 10 + 63 * 20);
  // Two batches each, without a moment between: as if the partition that waits were not there.
  const rest = seen.filter(({ partition }) => partition !== 0);
  t.deepEqual(
    rest.map(({ afterMs }) => afterMs),
    Array.from({ length: 126 }, (_, at) => at * 100),
  );
  t.is(new Set(rest.map(({ partition }) => partition)).size, 63);
  t.deepEqual(seen.at(-1), { partition: 0, afterMs: 30_000 });
});

test('a wait that is over queues for the slot', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const work = deferred();
  const seen: string[] = [];
  const run = make(
    {
      async process(_messages, _sender, context) {
        if (context.partition === 0) {
          await context.wait(100);
          seen.push('waited');
        } else {
          await work.promise;
          seen.push('worked');
        }
      },
    },
    { inputPartitions: [0, 1] },
  ).runToEnd();
  await clock.advance(1000);
  t.deepEqual(seen, []);
  work.resolve();
  await run;
  t.deepEqual(seen, ['worked', 'waited']);
});

test('waits of one batch that overlap give one slot back, not one each', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 4);
  for (let partition = 0; partition < 4; partition++) kafka.fill('in', partition, 10);
  const inside = new Set<number>();
  let most = 0;
  const run = make(
    {
      async process(messages, _sender, context) {
        if (context.partition === 0) {
          await Promise.all(messages.map(({ offset }) => context.wait(1000 + offset)));
          return;
        }
        inside.add(context.partition);
        most = Math.max(most, inside.size);
        await new Promise<void>((resolve) => clock.after(300, resolve));
        inside.delete(context.partition);
      },
    },
    { inputPartitions: [0, 1, 2, 3] },
  ).runToEnd();
  await clock.advance(10_000);
  t.is((await run).records, 40);
  t.is(most, 1);
});

test('a wait that nobody awaits does not let a second partition in', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 10).fill('in', 1, 10).fill('in', 2, 10);
  let inside = 0;
  let most = 0;
  let late: Promise<void> | undefined;
  let leaked: ProcessContext | undefined;
  const run = make(
    {
      process(_messages, _sender, context) {
        if (context.partition === 0) {
          leaked = context;
          late = context.wait(500);
          return undefined;
        }
        most = Math.max(most, ++inside);
        return new Promise<void>((resolve) =>
          clock.after(300, () => {
            inside--;
            resolve();
          }),
        );
      },
    },
    { inputPartitions: [0, 1, 2] },
  ).runToEnd();
  await clock.advance(5000);
  await late;
  await run;
  t.is(most, 1);
  await t.throwsAsync(async () => leaked?.wait(1), {
    instanceOf: LifecycleError,
    message: /after process had ended\. Is an await missing/,
  });
});

test('context.wait rejects on close, and the batch is given up without a failure', async (t) => {
  for (const wrap of [
    (error: unknown) => error,
    (error: unknown) => new Error('the service was away', { cause: error }),
  ]) {
    const { kafka, make, clock, outcome, log } = fixture(t);
    kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 10).fill('in', 1, 10);
    let seen: unknown;
    const processor = make(
      {
        async process(_messages, sender, context) {
          if (context.partition === 1) return;
          sender.send({ topic: 'out', value: 'x' });
          try {
            await context.wait(30_000);
          } catch (error) {
            seen = error;
            throw wrap(error);
          }
        },
      },
      { inputPartitions: [0, 1] },
    );
    const result = outcome(processor.runLoop());
    await clock.advance(10);
    await processor.close();
    const { ok, error } = await result;
    t.true(ok, String(error));
    t.true(seen instanceof LifecycleError);
    t.regex(String(seen), /context\.wait\(\) ended because the processor is closing/);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
    t.is(kafka.committed(GROUP, 'in', 1), 10);
    t.deepEqual(kafka.values('out'), []);
    t.true(
      log
        .messages('info')
        .includes('A batch that waited when the processor closed is given up; it is reprocessed'),
    );
    t.is(clock.pending, 0);
  }
});

test('a wait that queues for the slot when the processor closes rejects too', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const work = deferred();
  const seen: string[] = [];
  const processor = make(
    {
      async process(_messages, _sender, context) {
        if (context.partition === 1) {
          await work.promise;
          return;
        }
        await context.wait(100);
        seen.push('went on');
      },
    },
    { inputPartitions: [0, 1] },
  );
  const run = processor.runLoop();
  await clock.advance(1000);
  const closed = processor.close();
  await kafka.quiet();
  work.resolve();
  await closed;
  await run;
  t.deepEqual(seen, []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.is(kafka.committed(GROUP, 'in', 1), 10);
});

test('a failure while others wait ends their waits at once', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const boom = new Error('boom');
  const result = outcome(
    make(
      {
        async process(_messages, _sender, context) {
          if (context.partition === 0) await context.wait(20_000);
          else throw boom;
        },
      },
      { inputPartitions: [0, 1] },
    ).runLoop(),
  );
  await clock.advance(10);
  const { error } = await result;
  t.is((error as ProcessError).cause, boom);
  t.deepEqual((error as ProcessError).suppressed, []);
});

test('a wait ends when the time limit of process is over', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const result = outcome(
    make({ process: (_m, _s, context) => context.wait(100_000) }, { processTimeoutMs: 1000 }).runLoop(),
  );
  await clock.advance(1000);
  const { error } = await result;
  t.true(error instanceof TimeoutError && error.message.includes('processTimeoutMs'), String(error));
});

test('many waits at once raise no warning about listeners', async (t) => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 20);
  for (let partition = 0; partition < 20; partition++) kafka.fill('in', partition, 1);
  const run = make(
    { process: (_m, _s, context) => context.wait(100) },
    { inputPartitions: Array.from({ length: 20 }, (_none, at) => at) },
  ).runToEnd();
  await clock.advance(1000);
  await run;
  t.deepEqual(warnings, []);
});

test('a connection that is lost while it closes does not hide that it was closed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  kafka.fail('describeTopics', new ConnectionError('gone', { retriable: true }));
  const { error } = await outcome(make(noting([])).runLoop());
  t.true(error instanceof ConnectionError, 'an error that is not of closing is told');
});
